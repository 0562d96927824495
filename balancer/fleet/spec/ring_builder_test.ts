import { assertEquals, assertRejects } from "@std/assert";
import { systemTest as test } from "../../../tools/test/needs.ts";
import { movementBetween } from "./movement.ts";
import { RingBuilder } from "./ring_builder.ts";
import { ringOf, type RingSpec } from "./ring_spec.ts";

function specOf(members: number, shape: Partial<RingSpec["shape"]> = {}): RingSpec {
  const weights = Array.from({ length: members }, (_, at) => [`Server${at}`, 1] as const);
  const whole = { slots: 8192, virtualServers: 9, layout: "even", hashes: "fibonacci" } as const;
  return { weights: new Map(weights), shape: { ...whole, ...shape } };
}

test("a large ring that a thread builds is the ring that the main thread would build", async () => {
  const kin = ringOf(specOf(3));
  using builder = new RingBuilder();
  const specs = [specOf(150), specOf(200, { layout: "rendezvous" }), specOf(4), specOf(0)];
  const rings = await Promise.all(specs.map((spec) => builder.build(spec, kin)));
  assertEquals(rings.map(({ ring }) => ring.digest), specs.map((spec) => ringOf(spec).digest));
  assertEquals(
    rings,
    specs.map((spec, at) => ({ ...rings[at]!, ...movementBetween(kin, ringOf(spec)) })),
  );
});

test("a ring that cannot be built is the error of its caller, and the next one is built", async () => {
  const kin = ringOf(specOf(3));
  using builder = new RingBuilder();
  const [failed, built] = [builder.build(specOf(9000), kin), builder.build(specOf(150), kin)];
  await assertRejects(() => failed, Error, "the ring could not be built");
  assertEquals((await built).ring.digest, ringOf(specOf(150)).digest);
});

test("the thread of a large fleet is started before the first ring, and stays", async () => {
  const before = ringOf(specOf(150));
  using builder = new RingBuilder();
  builder.prepare(specOf(150));
  for (const members of [160, 170]) {
    const { ring, moved } = await builder.build(specOf(members), before);
    assertEquals(ring.digest, ringOf(specOf(members)).digest);
    assertEquals(moved, movementBetween(before, ring).moved);
  }
});
