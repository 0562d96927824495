/**
 * The ring as `GET /_lb/ring` answers it: small enough to fetch at every change, complete enough to
 * draw.
 *
 * @module
 */
import type { Ring } from "../../ring/mod.ts";
import type { RingTable } from "../answers/ring.ts";
import type { View } from "../view.ts";

/**
 * Returns the ring in force.
 *
 * @param view the view in force
 * @param known digest of the ring that the client has: its slots are not sent again
 */
export function ringTable({ version, ring, ready, awaited }: View, known = ""): RingTable {
  const unchanged = ring.digest === known;
  const indexOf = new Map(ring.members.map((name, index) => [name, index]));
  return {
    version,
    digest: ring.digest,
    layout: ring.layout,
    hashes: typeof ring.hashes === "string" ? ring.hashes : "custom",
    slots: ring.slots,
    virtualServersEach: ring.options.virtualServers,
    unchanged,
    members: ring.options.members.map(({ name, weight }) => ({
      name,
      weight,
      ready: ready.has(name),
      awaited: awaited.has(name),
    })),
    runs: unchanged ? [] : runsOf(ring),
    virtualServers: (unchanged ? [] : ring.virtualServers).map(({ member, slot }) =>
      [indexOf.get(member) ?? 0, slot] as const
    ),
  };
}

/** Rings do not change, and each page asks for the same. */
const RUNS = new WeakMap<Ring, readonly number[]>();

function runsOf(ring: Ring): readonly number[] {
  const before = RUNS.get(ring);
  if (before) return before;
  const runs = countRuns(ring);
  RUNS.set(ring, runs);
  return runs;
}

/** An empty ring has no owners, so it has no runs. */
function countRuns({ members, table }: Ring): number[] {
  const runs: number[] = [];
  if (members.length === 0) return runs;
  for (let from = 0, to = 1; from < table.length; from = to++) {
    while (to < table.length && table[to] === table[from]) to++;
    runs.push(table[from] ?? 0, to - from);
  }
  return runs;
}
