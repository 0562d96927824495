import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Member, newMember } from "./member.ts";
import { nextStep, rampAt, ringRamps } from "./slow_start.ts";

const member = (name: string, changes: Partial<Member> = {}): Member => ({
  ...newMember({ name, joined: true }, 0),
  ...changes,
});

Deno.test("a slow start begins with a tenth and reaches the whole in ten equal steps", () => {
  const parts = Array.from({ length: 12 }, (_, step) => rampAt(500, 500 + 100 * step, 1000));
  assertEquals(parts, [0.1, 0.19, 0.28, 0.37, 0.46, 0.55, 0.64, 0.73, 0.82, 0.91, 1, 1]);
  assertEquals(rampAt(500, 599, 1000), 0.1);
});

Deno.test("without a slow start the part is the whole, and no step is scheduled", () => {
  assertEquals([rampAt(500, 500, 0), nextStep(500, 500, 0)], [1, Infinity]);
  assertEquals([rampAt(undefined, 500, 1000), nextStep(undefined, 500, 1000)], [1, Infinity]);
});

Deno.test("a slow start has ten rising steps for every duration", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 2 ** 45 }),
      fc.integer({ min: 10, max: 2 ** 31 }),
      (since, slowStartMs) => {
        const times: number[] = [];
        for (let at = since; at < Infinity; at = nextStep(since, at, slowStartMs)) times.push(at);
        const parts = times.map((at) => rampAt(since, at, slowStartMs));
        assertEquals(parts, [0.1, 0.19, 0.28, 0.37, 0.46, 0.55, 0.64, 0.73, 0.82, 0.91, 1]);
        assertEquals(times.at(-1), since + slowStartMs);
      },
    ),
    { seed: 20261123 },
  );
});

Deno.test("a slow start shorter than its steps reaches the whole, even after the clock was set back", () => {
  assertEquals([rampAt(5, 5, 1), nextStep(5, 5, 1), rampAt(5, 6, 1)], [0.1, 6, 1]);
  assertEquals([rampAt(5000, 100, 1000), nextStep(5000, 100, 1000)], [0.1, 5100]);
});

Deno.test("if all replicas are new, the one that is furthest counts as the whole", () => {
  const parts = (...members: Member[]) => [...ringRamps(members, 1000, 1000).values()];
  assertEquals(parts(member("a", { slotRampSince: 1000 }), member("b", { slotRampSince: 1000 })), [
    1,
    1,
  ]);
  assertEquals(parts(member("a", { slotRampSince: 1000 }), member("b", { slotRampSince: 500 })), [
    0.1 / 0.55,
    1,
  ]);
  assertEquals(parts(member("a", { slotRampSince: 1000 }), member("b")), [0.1, 1]);
  assertEquals(parts(member("a", { slotRampSince: 1000 }), member("b", { weight: 0 })), [1, 1]);
});
