// How long a ring takes to build and to look up, by the number of members N.
//
// A single lookup is shorter than the clock and the runner can tell, so each iteration of a lookup
// benchmark does 1000 of them: its time in µs is the time of one lookup in ns. What the lookups find
// is added up and kept in `sink`, so that the compiler cannot leave them out.
//
// Rings have 4096 slots whatever N is, as a ring needs a slot for each member at least; the builds
// of few members are also measured with the default 512.

import { DEFAULT_SLOTS, type HashFamilyName, type Layout, Ring } from "../ring/mod.ts";

const LOOKUPS = 1000;
const SLOTS = 4096;
const COUNTS = [3, 10, 100, 1000];
const LAYOUTS: readonly Layout[] = ["even", "rendezvous", "ring"];
const OTHER_FAMILIES: readonly HashFamilyName[] = ["seed", "classic", "hashed"];

let sink = 0;

function servers(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `Server${at + 1}`);
}

/** 1000 different strings of 16 characters, in one piece each as they come off the network. */
function keysOf16Characters(): string[] {
  const bytes = (at: number) => new TextEncoder().encode(`user-session-${100 + at % 900}`);
  return Array.from({ length: LOOKUPS }, (_, at) => new TextDecoder().decode(bytes(at)));
}

function benchBuild(count: number, slots: number, layout: Layout): void {
  const members = servers(count);
  Deno.bench(`build ${layout}, N = ${count}, M = ${slots}`, { group: "build" }, () => {
    sink += Ring.build({ members, slots, layout }).table[0]!;
  });
}

function benchSlots(count: number): void {
  const ring = Ring.build({ members: servers(count), slots: SLOTS });
  Deno.bench(`slotOfId x1000, N = ${count}`, { group: "id to slot" }, () => {
    let found = 0;
    for (let id = 0; id < LOOKUPS; id++) found = found + ring.slotOfId(id) | 0;
    sink += found;
  });
}

function benchIds(count: number, hashes: HashFamilyName, group: string): void {
  const ring = Ring.build({ members: servers(count), slots: SLOTS, hashes });
  Deno.bench(`ownerOfId x1000, ${hashes}, N = ${count}`, { group }, () => {
    let found = 0;
    for (let id = 0; id < LOOKUPS; id++) found += ring.ownerOfId(id)!.length;
    sink += found;
  });
}

function benchKeys(count: number): void {
  const ring = Ring.build({ members: servers(count), slots: SLOTS });
  const keys = keysOf16Characters();
  Deno.bench(`ownerOfKey x1000, 16 characters, N = ${count}`, { group: "key to name" }, () => {
    let found = 0;
    for (const key of keys) found += ring.ownerOfKey(key)!.length;
    sink += found;
  });
}

for (const count of [3, 10]) benchBuild(count, DEFAULT_SLOTS, "even");
for (const layout of LAYOUTS) {
  for (const count of [3, 10, 100]) benchBuild(count, SLOTS, layout);
}
// 1000 members have 9000 virtual servers in layout `ring`, which 4096 slots cannot hold.
for (const layout of ["even", "rendezvous"] as const) benchBuild(1000, SLOTS, layout);
benchBuild(1000, 16_384, "ring");
for (const count of COUNTS) benchSlots(count);
for (const count of COUNTS) benchIds(count, "fibonacci", "id to name");
for (const hashes of OTHER_FAMILIES) benchIds(10, hashes, "id to name, other families");
for (const count of COUNTS) benchKeys(count);

globalThis.addEventListener("unload", () => {
  if (sink === 0) throw new Error("The benchmarks found nothing");
});
