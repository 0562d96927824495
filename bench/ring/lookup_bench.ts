// How long a lookup takes, by the number of members N: `deno task bench`.
//
// A single lookup is shorter than the clock and the runner can tell, so each iteration does 100 of
// them. `deno task bench:ring` times the same in turns, adds the properties of each contestant,
// and writes it all down.

import { hashFamilies, type HashFamilyName, Ring } from "../../ring/mod.ts";
import type { Contestant } from "./contestant.ts";
import { contestantsAtHand, COUNTS } from "./contestants.ts";
import { distinctKeys, LENGTHS, memberNames } from "./keys.ts";

const LOOKUPS = 100;
const KEYS = 6000;

let sink = 0;

function benchIds(contestant: Contestant, count: number): void {
  const router = contestant.build(memberNames(count));
  const group = `owner of an id, N = ${count}`;
  let next = 0;
  Deno.bench(`${contestant.name}, N = ${count}, x${LOOKUPS}`, { group }, () => {
    sink += router.lookUpIds(next, next + LOOKUPS);
    next = (next + LOOKUPS) % 1e9;
  });
}

function benchSlots(hashes: HashFamilyName): void {
  const ring = Ring.build({ members: memberNames(10), hashes });
  Deno.bench(`${hashes}, x${LOOKUPS}`, { group: "slot of an id" }, () => {
    let sum = 0;
    for (let id = 0; id < LOOKUPS; id++) sum = sum + ring.slotOfId(id) | 0;
    sink += sum;
  });
}

function benchKeys(contestant: Contestant, count: number, length: number): void {
  const router = contestant.build(memberNames(count));
  const keys = distinctKeys(KEYS, length);
  if (contestant.remembers) router.lookUpKeys(keys, 0, KEYS);
  const group = `owner of a key, ${length} characters, N = ${count}`;
  let next = 0;
  Deno.bench(
    `${contestant.name}, ${length} characters, N = ${count}, x${LOOKUPS}`,
    { group },
    (b) => {
      // New strings, which V8 has not hashed yet, as every request brings one.
      const fresh = structuredClone(keys.slice(next, next + LOOKUPS));
      next = (next + LOOKUPS) % KEYS;
      b.start();
      sink += router.lookUpKeys(fresh, 0, LOOKUPS);
      b.end();
    },
  );
}

const contestants = await contestantsAtHand();
const forgetful = contestants.filter(({ remembers }) => !remembers);
for (const hashes of Object.keys(hashFamilies) as HashFamilyName[]) benchSlots(hashes);
for (const count of COUNTS) {
  for (const contestant of forgetful) benchIds(contestant, count);
  for (const length of LENGTHS) {
    for (const contestant of contestants) benchKeys(contestant, count, length);
  }
}

globalThis.addEventListener("unload", () => {
  if (sink === 0) throw new Error("The benchmarks found nothing");
});
