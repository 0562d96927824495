import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { HoldQueue } from "./hold_queue.ts";

const BOUNDS = { requests: 3, bytes: 100 };

function one(bytes = 1) {
  return { bytes };
}

Deno.test("released entries leave in order of arrival", () => {
  const queue = new HoldQueue<ReturnType<typeof one>>(BOUNDS);
  const [a, b, c] = [one(), one(), one()];
  for (const each of [a, b, c]) assert(queue.enter(each));
  assertEquals(queue.release((each) => each !== b), [a, c]);
  assert(queue.enter(a));
  assertEquals(queue.release(() => true), [b, a]);
  assertEquals([queue.count, queue.bytes], [0, 0]);
});

Deno.test("the queue is bounded by requests and by bytes", () => {
  const table = [
    [[1, 1, 1, 1], [true, true, true, false]],
    [[100, 1], [true, false]],
    [[101], [false]],
    [[60, 60, 40], [true, false, true]],
    [[0, 0, 0, 0], [true, true, true, false]],
  ] as const;
  for (const [sizes, expected] of table) {
    const queue = new HoldQueue<ReturnType<typeof one>>(BOUNDS);
    assertEquals(sizes.map((bytes) => queue.enter(one(bytes))), [...expected], `${sizes}`);
  }
});

Deno.test("an entry that leaves makes room, and leaves once", () => {
  const queue = new HoldQueue<ReturnType<typeof one>>({ requests: 1, bytes: 10 });
  const [a, b] = [one(10), one(10)];
  assert(queue.enter(a));
  assert(queue.enter(a), "it has its place");
  assertEquals(queue.bytes, 10);
  assert(!queue.enter(b));
  assert(queue.leave(a));
  assert(!queue.leave(a));
  assert(queue.enter(b));
  assertEquals(queue.release(() => true), [b]);
  assert(!queue.leave(b));
});

/** One operation on a queue. */
const STEP = fc.oneof(
  fc.record({ do: fc.constant("enter" as const), bytes: fc.nat(40) }),
  fc.record({ do: fc.constant("leave" as const), which: fc.nat(30) }),
  fc.record({ do: fc.constant("release" as const), modulus: fc.integer({ min: 1, max: 4 }) }),
);

Deno.test("no entry is lost or released twice, and order and bounds hold, in any sequence", () => {
  fc.assert(fc.property(fc.array(STEP, { maxLength: 60 }), (steps) => {
    const queue = new HoldQueue<{ id: number; bytes: number }>({ requests: 8, bytes: 120 });
    const all: { id: number; bytes: number }[] = [];
    let model: typeof all = [];
    for (const step of steps) {
      if (step.do === "enter") {
        const next = { id: all.length, bytes: step.bytes };
        all.push(next);
        const held = model.reduce((sum, { bytes }) => sum + bytes, 0);
        const fits = model.length < 8 && held + next.bytes <= 120;
        assertEquals(queue.enter(next), fits);
        if (fits) model.push(next);
      } else if (step.do === "leave") {
        const whom = all[step.which % Math.max(all.length, 1)];
        if (!whom) continue;
        assertEquals(queue.leave(whom), model.includes(whom));
        model = model.filter((each) => each !== whom);
      } else {
        const may = ({ id }: { id: number }) => id % step.modulus === 0;
        assertEquals(queue.release(may), model.filter(may));
        model = model.filter((each) => !may(each));
      }
      assertEquals(queue.count, model.length);
      assertEquals(queue.bytes, model.reduce((sum, { bytes }) => sum + bytes, 0));
    }
    assertEquals(queue.release(() => true), model);
  }));
});
