import { assert, assertEquals } from "@std/assert";
import { changing, idLookup, keyLookup, slotLookup } from "./cases.ts";
import type { Contestant } from "./contestant.ts";
import { OWN } from "./own.ts";
import { race } from "./stopwatch.ts";

/** A case that reports the given nanoseconds for each of its operations. */
function pretending(nanoseconds: number, ran: string[], name: string) {
  return {
    run: (times: number) => {
      ran.push(name);
      return times * nanoseconds / 1e6;
    },
  };
}

Deno.test("the time of one operation is the same for any number of operations in a turn", () => {
  const ran: string[] = [];
  const cases = new Map([
    ["quick", pretending(2, ran, "quick")],
    ["slow", pretending(5e7, ran, "slow")],
  ]);
  const { quick, slow } = race(cases, { rounds: 3, turnMs: 4 });
  assertEquals([quick, slow], [{ median: 2, best: 2 }, { median: 5e7, best: 5e7 }]);
});

Deno.test("contestants take turns, another one first in each round", () => {
  const ran: string[] = [];
  const names = ["a", "b", "c"];
  race(new Map(names.map((name) => [name, pretending(1e8, ran, name)])), { rounds: 3, turnMs: 1 });
  assertEquals(ran.slice(-9).join(""), "abcbcacab");
});

Deno.test("a slow case has fewer turns", () => {
  const ran: string[] = [];
  const cases = new Map([["slow", pretending(1e8, ran, "slow")]]);
  race(cases, { rounds: 50, turnMs: 1 });
  assertEquals(ran.length, 6 + 5);
});

Deno.test("every lookup and every change of our layouts has an answer", () => {
  for (const contestant of OWN) {
    const { join, leave } = changing(contestant, 3);
    const cases = [idLookup(contestant, 3), keyLookup(contestant, 3, 16), join, leave];
    for (const one of cases) assert(one.run(7) >= 0);
    assert(slotLookup(contestant, 3)!.run(7) >= 0);
  }
});

Deno.test("a lookup without an answer is an error, not a time", () => {
  const empty: Contestant = { ...OWN[0]!, build: () => OWN[0]!.build([]) };
  let message = "";
  try {
    idLookup(empty, 3).run(5);
  } catch (error) {
    message = String(error);
  }
  assertEquals(message, "Error: 5 of 5 lookups found no owner");
});
