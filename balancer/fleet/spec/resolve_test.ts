import { assertEquals, assertThrows } from "@std/assert";
import type { RingShape } from "./ring_spec.ts";
import type { ChangeRequest } from "./change.ts";
import { TEST_SHAPE } from "../harness.ts";
import { ChangeError } from "./change_error.ts";
import { type ChangeContext, resolve } from "./resolve.ts";

function context(weights: Record<string, number>, shape: Partial<RingShape> = {}): ChangeContext {
  const names = Object.keys(weights);
  const ringSpec = {
    weights: new Map(Object.entries(weights)),
    shape: { ...TEST_SHAPE, ...shape },
  };
  return { ringSpec, taken: new Set([...names, "Leaving"]), limit: 6 };
}

function refusal(
  request: ChangeRequest,
  from: ChangeContext = context({ a: 1, b: 1, c: 0 }),
): [string, string] {
  const { kind, message } = assertThrows(() => resolve(request, from), ChangeError);
  return [kind, message];
}

Deno.test("a request is resolved to names, weights and a complete shape", () => {
  const request = {
    add: 2,
    hostnames: ["constructor"],
    remove: ["a"],
    weights: { b: 3 },
    slots: 64,
  };
  const { weights, ...change } = resolve(request, context({ a: 1, b: 1 }));
  assertEquals(change, {
    add: ["constructor", "Server1"],
    remove: ["a"],
    shape: { ...TEST_SHAPE, slots: 64 },
  });
  assertEquals([...weights], [["b", 3]]);
});

Deno.test("without a number the named replicas are added", () => {
  assertEquals(resolve({ hostnames: ["x", "y"] }, context({})).add, ["x", "y"]);
  assertEquals(resolve({}, context({ a: 1 })).add, []);
});

Deno.test("a name that is in use, or given twice, is refused", () => {
  assertEquals(refusal({ hostnames: ["a"] }), ["taken", "hostnames: a is in the ring already"]);
  assertEquals(refusal({ hostnames: ["Leaving"] })[0], "taken");
  assertEquals(refusal({ hostnames: ["x", "x"] }), ["taken", "hostnames: x is named twice"]);
  assertEquals(refusal({ remove: ["a", "a"] }), ["taken", "remove: a is named twice"]);
});

Deno.test("an unknown name is refused", () => {
  assertEquals(refusal({ remove: ["x"] }), ["unknown", "remove: no replica is called x"]);
  const stranger = ["unknown", "weights.toString: no replica is called toString"];
  assertEquals(refusal({ weights: { toString: 1 } as never }), stranger);
  assertEquals(refusal({ remove: ["a"], weights: { a: 2 } })[0], "unknown");
});

Deno.test("weights go from 0 to 1000", () => {
  for (const weight of [0, 0.001, 1000]) {
    resolve({ weights: { a: weight } }, context({ a: 1, b: 1 }));
  }
  for (const weight of [-1, 1000.1, NaN, Infinity]) {
    const bound = `weights.a: must be a number from 0 to 1000; got ${weight}`;
    assertEquals(refusal({ weights: { a: weight } }), ["out-of-bounds", bound]);
  }
});

Deno.test("a replica of a weight above 0 has to remain, unless all are removed", () => {
  const bound = "a replica of a weight above 0 must remain; got";
  assertEquals(refusal({ weights: { a: 0, b: 0 } }), [
    "out-of-bounds",
    `weights: ${bound} 3 of weight 0 and no other`,
  ]);
  assertEquals(refusal({ remove: ["b", "a"] }), [
    "out-of-bounds",
    `remove: ${bound} 1 of weight 0 and no other`,
  ]);
  assertEquals(refusal({ hostnames: ["x"], weights: { x: 0 } }, context({}))[0], "out-of-bounds");
  assertEquals(
    resolve({ remove: ["a", "b", "c"] }, context({ a: 1, b: 1, c: 0 })).remove.length,
    3,
  );
});

Deno.test("the number of replicas is bounded by the limit and by the ring's capacity", () => {
  const three = context({ a: 1, b: 1, c: 0 });
  assertEquals(refusal({ add: 1e9 }, three), [
    "out-of-bounds",
    "add: 3 replicas and 1000000000 more would be 1000000003; the limit is 6",
  ]);
  assertEquals(resolve({ add: 4, remove: ["a"] }, three).add.length, 4);
  assertEquals(
    refusal({ add: 5, remove: ["a"] }, three)[1],
    "add: 3 replicas without 1 and 5 more would be 7; the limit is 6",
  );
  const small = context({ a: 1, b: 1, c: 0 }, { layout: "ring", slots: 40 });
  assertEquals(
    refusal({ add: 2 }, small)[1],
    "add: 3 replicas and 2 more would be 5; " +
      "a ring of 40 slots and 9 virtual servers a replica has room for 4",
  );
  assertEquals(
    refusal({ slots: 2 }, three)[1],
    "slots: there are 3 replicas; a ring of 2 slots has room for 2",
  );
  assertEquals(refusal({ layout: "ring", virtualServers: 200 }, three)[1].slice(0, 7), "layout:");
});

Deno.test("in layout ring weights multiply virtual servers, and those have to fit", () => {
  const ring = context({ a: 1, b: 1 }, { layout: "ring", slots: 100 });
  resolve({ weights: { a: 10 } }, ring);
  assertEquals(refusal({ weights: { a: 11 } }, ring), [
    "out-of-bounds",
    "weights: all together may have 100 virtual servers, one a slot; got 108",
  ]);
  assertEquals(resolve({ weights: { a: 11 } }, context({ a: 1, b: 1 }, { slots: 100 })).add, []);
});

Deno.test("an impossible shape is refused with its bound", () => {
  assertEquals(refusal({ slots: 0 }), [
    "out-of-bounds",
    "slots must be a whole number from 1 to 65536, got 0",
  ]);
  assertEquals(refusal({ virtualServers: 1.5 })[0], "out-of-bounds");
  assertEquals(refusal({ layout: "square" as never })[0], "out-of-bounds");
  assertEquals(refusal({ hashes: "md5" as never })[0], "out-of-bounds");
});

Deno.test("more names than replicas to add are refused", () => {
  assertEquals(refusal({ add: 1, hostnames: ["x", "y"] }), [
    "out-of-bounds",
    "hostnames: must be at most add names, which is 1; got 2",
  ]);
});
