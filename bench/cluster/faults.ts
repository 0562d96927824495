/**
 * States that must not be, counted in real runs.
 *
 * @module
 */

/** Counts of faults. */
export interface Faults {
  /** Times at which two balancers held the lease at once. */
  readonly twoHealers: number;
  /** Instances that run beside another one of the same replica. */
  readonly doubled: number;
  /** Instances that run and that no balancer knows. */
  readonly orphaned: number;
}

/** No faults. */
export const NO_FAULTS: Faults = { twoHealers: 0, doubled: 0, orphaned: 0 };

/** A replica or a spare, as a balancer sees it. */
interface Known {
  readonly name: string;
  readonly instance: string | null;
}

/**
 * Compares the instances that run with those that balancers know. Pure.
 *
 * @param running all running instances of the fleet
 * @param known replicas and spares of all balancers
 */
export function leftoversOf(
  running: readonly { readonly id: string }[],
  known: readonly Known[],
): Pick<Faults, "doubled" | "orphaned"> {
  const names = new Map(known.map(({ name, instance }) => [instance ?? "", name]));
  const owners = running.map(({ id }) => names.get(id));
  const owned = owners.filter((name) => name !== undefined);
  return {
    doubled: owned.length - new Set(owned).size,
    orphaned: owners.length - owned.length,
  };
}

/** The sum of counts. */
export function plus(one: Faults, other: Faults): Faults {
  return {
    twoHealers: one.twoHealers + other.twoHealers,
    doubled: one.doubled + other.doubled,
    orphaned: one.orphaned + other.orphaned,
  };
}
