/**
 * The ring as `GET /_lb/ring` answers it: small enough to fetch at every change, whole enough to be
 * drawn.
 *
 * @module
 */
import type { Ring } from "../../ring/mod.ts";
import type { View } from "../view.ts";

/** A ring, and which of its members may be sent requests. */
export interface RingTable {
  /** Version of the view that it was taken from. */
  readonly version: number;
  readonly digest: string;
  readonly layout: string;
  /** Name of the hash family; `custom` where it is none of the built-in ones. */
  readonly hashes: string;
  readonly slots: number;
  /** Virtual servers of a member of weight 1, layout `ring`. */
  readonly virtualServersEach: number;
  /** In canonical order. */
  readonly members: readonly {
    readonly name: string;
    /** What it has on the ring now. */
    readonly weight: number;
    readonly ready: boolean;
    /** Whether it is being replaced, so that requests may wait for it. */
    readonly awaited: boolean;
  }[];
  /** The table from slot 0 on as runs: index of a member, number of slots, index, number, ... */
  readonly runs: readonly number[];
  /** The virtual servers as they were placed: index of the member, slot; none but in layout `ring`. */
  readonly virtualServers: readonly (readonly [member: number, slot: number])[];
}

/**
 * The ring that is routed by.
 *
 * @param view the view in force
 */
export function ringTable({ version, ring, ready, awaited }: View): RingTable {
  const indexOf = new Map(ring.members.map((name, index) => [name, index]));
  return {
    version,
    digest: ring.digest,
    layout: ring.layout,
    hashes: typeof ring.hashes === "string" ? ring.hashes : "custom",
    slots: ring.slots,
    virtualServersEach: ring.options.virtualServers,
    members: ring.options.members.map(({ name, weight }) => ({
      name,
      weight,
      ready: ready.has(name),
      awaited: awaited.has(name),
    })),
    runs: runsOf(ring),
    virtualServers: ring.virtualServers.map(({ member, slot }) =>
      [indexOf.get(member) ?? 0, slot] as const
    ),
  };
}

/** An empty ring has no owners, so it has no runs. */
function runsOf({ members, table }: Ring): number[] {
  const runs: number[] = [];
  if (members.length === 0) return runs;
  for (let from = 0, to = 1; from < table.length; from = to++) {
    while (to < table.length && table[to] === table[from]) to++;
    runs.push(table[from] ?? 0, to - from);
  }
  return runs;
}
