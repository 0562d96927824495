/**
 * Which spare stands in for which replica. Every balancer computes the same reservations from the
 * published instances, so that all choose alike while none of them heals. Pure.
 *
 * @module
 */

/** An instance of a replica or a spare, and its machine. */
interface Placement {
  readonly name: string;
  /** Id of its instance; undefined if none runs. */
  readonly instance: string | undefined;
  /** Undefined for an engine of one machine. */
  readonly machine: string | undefined;
}

/** Reserved spares. */
export interface Reservations {
  /** Id of the spare's instance, by the name of the replica that it is reserved for. */
  readonly spares: ReadonlyMap<string, string>;
  /** Machine of each replica, by name. */
  readonly machines: ReadonlyMap<string, string>;
}

/** No spare is reserved: the first one stands in for the first replica that fails. */
export const NO_RESERVATIONS: Reservations = { spares: new Map(), machines: new Map() };

/**
 * Reserves spares. Replicas of one machine, which fail together, get different spares, and each gets
 * one on another machine. Replicas beyond the number of spares have none reserved.
 *
 * @param replicas the published replicas
 * @param spares the published spares, in their order
 */
export function reserve(
  replicas: readonly Placement[],
  spares: readonly Placement[],
): Reservations {
  const reserved = new Map<string, string>();
  const groups = Map.groupBy(replicas.toSorted(byName), ({ machine }) => machine ?? "");
  const machines = [...groups.keys()].sort();
  for (const [at, machine] of machines.entries()) {
    const usable = spares.flatMap((spare) =>
      spare.instance !== undefined && (machine === "" || spare.machine !== machine)
        ? [spare.instance]
        : []
    );
    for (const [index, { name }] of groups.get(machine)!.slice(0, usable.length).entries()) {
      // Replicas of different machines begin with different spares.
      reserved.set(name, usable[(at + index) % usable.length]!);
    }
  }
  const placed = replicas.flatMap(({ name, machine }) => machine ? [[name, machine] as const] : []);
  return { spares: reserved, machines: new Map(placed) };
}

function byName(a: Placement, b: Placement): number {
  return a.name < b.name ? -1 : 1;
}
