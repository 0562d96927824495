import { assertEquals, assertStrictEquals } from "@std/assert";
import { Ring, type RingOptions } from "../../../ring/mod.ts";
import { ringOf } from "./ring_cache.ts";

const OPTIONS: RingOptions = { members: ["a", { name: "b", weight: 2 }] };
const RING = Ring.build(OPTIONS);

/** Options and table of a ring as a worker receives them. */
function sent(more: Partial<RingOptions> = {}) {
  const { options, table } = Ring.build({ ...OPTIONS, ...more });
  return structuredClone([options, table] as const);
}

Deno.test("the ring of a view is kept while its options are unchanged", () => {
  assertEquals(ringOf(...sent(), undefined).digest, RING.digest);
  assertStrictEquals(ringOf(...sent(), RING), RING);
});

Deno.test("the ring of a view changes with its members, weights and shape", () => {
  const changes: Partial<RingOptions>[] = [
    { members: ["a", "c"] },
    { members: ["a"] },
    { members: ["a", { name: "b", weight: 3 }] },
    { slots: 256 },
    { virtualServers: 5 },
    { layout: "rendezvous" },
    { hashes: "classic" },
  ];
  for (const change of changes) {
    const ring = ringOf(...sent(change), RING);
    assertEquals(ring.options, Ring.build({ ...OPTIONS, ...change }).options);
  }
});
