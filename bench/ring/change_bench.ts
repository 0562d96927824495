// How long it takes to build from N members, and until a member that joins or leaves is seen by the
// next lookup: `deno task bench`. Ours include the digest.

import { Turnover } from "./cases.ts";
import type { Contestant } from "./contestant.ts";
import { contestantsAtHand, COUNTS } from "./contestants.ts";
import { memberNames } from "./keys.ts";
import { OWN_DEFAULTS } from "./own.ts";

let sink = 0;

function benchBuild(contestant: Contestant, count: number, group: string): void {
  const names = memberNames(count);
  Deno.bench(`${contestant.name}, N = ${count}`, { group }, () => {
    if (contestant.build(names).ownerOfKey("alice")) sink++;
  });
}

function benchJoin(contestant: Contestant, count: number): void {
  const turnover = new Turnover(contestant, count);
  Deno.bench(`${contestant.name}, N = ${count}`, { group: `add, N = ${count}` }, (b) => {
    b.start();
    turnover.join();
    b.end();
    turnover.leave();
  });
}

function benchLeave(contestant: Contestant, count: number): void {
  const turnover = new Turnover(contestant, count);
  Deno.bench(`${contestant.name}, N = ${count}`, { group: `remove, N = ${count}` }, (b) => {
    turnover.join();
    b.start();
    turnover.leave();
    b.end();
  });
}

const contestants = (await contestantsAtHand()).filter(({ remembers }) => !remembers);
for (const contestant of OWN_DEFAULTS) benchBuild(contestant, 10, "build, 512 slots, N = 10");
for (const count of COUNTS) {
  for (const contestant of contestants) benchBuild(contestant, count, `build, N = ${count}`);
  for (const contestant of contestants) benchJoin(contestant, count);
  for (const contestant of contestants) benchLeave(contestant, count);
}

globalThis.addEventListener("unload", () => {
  if (sink === 0) throw new Error("The benchmarks found nothing");
});
