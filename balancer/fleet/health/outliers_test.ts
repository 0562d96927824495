import { assertEquals } from "@std/assert";
import type { Sample } from "../../view.ts";
import { Outliers } from "./outliers.ts";

function sample(instance: string, changes: Partial<Sample> = {}): Sample {
  return { instance, responses: 100, errors: 0, firstByteMs: 500, badKeys: 8, ...changes };
}

const NAMES = ["a", "b", "c"];

function found(samples: readonly Sample[], now = 0): string[] {
  const outliers = new Outliers();
  outliers.add(samples, 0);
  outliers.add([], now);
  return outliers.find(NAMES).map(({ instance, reason }) => `${instance}: ${reason}`);
}

Deno.test("a replica that answers with errors while the others do not is an outlier", () => {
  const bad = sample("b", { errors: 60 });
  assertEquals(found([sample("a"), bad, sample("c")]), [
    "b: outlier: 60 % of its responses are 5xx, 0 % elsewhere",
  ]);
});

Deno.test("a replica that is many times slower than the others is an outlier", () => {
  const slow = sample("b", { firstByteMs: 30_000 });
  assertEquals(found([sample("a"), slow, sample("c")]), [
    "b: outlier: 300 ms to a first byte, 5 elsewhere",
  ]);
});

Deno.test("a fault of all replicas makes none of them an outlier", () => {
  assertEquals(found(NAMES.map((name) => sample(name, { errors: 100 }))), []);
  assertEquals(found(NAMES.map((name) => sample(name, { firstByteMs: 90_000 }))), []);
});

Deno.test("a small absolute delay is not slow, even against peers of 0 ms", () => {
  const slower = sample("b", { firstByteMs: 5000 });
  const [a, c] = [sample("a", { firstByteMs: 100 }), sample("c", { firstByteMs: 100 })];
  assertEquals(found([a, slower, c]), []);
});

Deno.test("few responses, old responses and a single replica make no outlier", () => {
  assertEquals(found([sample("a"), sample("b", { responses: 19, errors: 19 }), sample("c")]), []);
  assertEquals(found([sample("a"), sample("b", { errors: 60 }), sample("c")], 10_000), []);
  assertEquals(found([sample("b", { errors: 100 })]), []);
});

Deno.test("bad responses to few keys make no outlier: their clients may provoke them", () => {
  const others = [sample("a", { badKeys: 0 }), sample("c", { badKeys: 0 })];
  const provoked = sample("b", { errors: 100, firstByteMs: 90_000, badKeys: 4 });
  assertEquals(found([...others, provoked, provoked, provoked]), []);
});
