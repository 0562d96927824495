import { assertEquals } from "@std/assert";
import { PoisonKeys } from "./poison_keys.ts";

const POLICY = { poisonDeaths: 3, quarantineMs: 60_000 };

/** Instances that die one second apart, each with these keys in flight. */
function afterDeaths(keys: readonly (readonly string[])[], policy = POLICY): PoisonKeys {
  const poisonKeys = new PoisonKeys(policy);
  for (const [k, inFlight] of keys.entries()) {
    const now = 1000 * k;
    for (const key of inFlight) poisonKeys.recordFailure(`i${k}`, key, now);
    poisonKeys.recordDeath(`i${k}`, now);
  }
  return poisonKeys;
}

Deno.test("a key that every one of three deaths had in flight is quarantined, no other is", () => {
  const poisonKeys = afterDeaths([["a", "x"], ["b", "x"], ["x", "a"]]);
  assertEquals([...poisonKeys.keys(2000)], ["x"]);
});

Deno.test("deaths are only in a row when none of them was without the key", () => {
  assertEquals(afterDeaths([["x"], ["x"]]).keys(2000).size, 0);
  assertEquals(afterDeaths([["x"], ["x"], [], ["x"]]).keys(3000).size, 0);
  assertEquals(afterDeaths([["x"], [], ["x"], ["x"], ["x"]]).keys(4000).size, 1);
});

Deno.test("deaths that lie more than a minute apart are not in a row", () => {
  const poisonKeys = afterDeaths([["x"], ["x"]]);
  poisonKeys.recordFailure("i9", "x", 70_000);
  poisonKeys.recordDeath("i9", 70_000);
  assertEquals(poisonKeys.keys(70_000).size, 0);
});

Deno.test("the word of a request may come after that of the death", () => {
  const poisonKeys = afterDeaths([["x"], ["x"], []]);
  poisonKeys.recordFailure("i2", "x", 2100);
  assertEquals([...poisonKeys.keys(2100)], ["x"]);
});

Deno.test("a failure long before the death had nothing to do with it", () => {
  const poisonKeys = afterDeaths([["x"], ["x"]]);
  poisonKeys.recordFailure("i2", "x", 2000);
  poisonKeys.recordFailure("other", "y", 3500);
  poisonKeys.recordDeath("i2", 3500);
  assertEquals(poisonKeys.keys(3500).size, 0);
});

Deno.test("a key is let go when its time is over", () => {
  const poisonKeys = afterDeaths([["x"], ["x"], ["x"]]);
  assertEquals(poisonKeys.list(2000), [{ key: "x", until: 62_000 }]);
  assertEquals(poisonKeys.nextDeadline, 62_000);
  assertEquals(poisonKeys.keys(61_999).size, 1);
  assertEquals(poisonKeys.keys(62_000).size, 0);
  assertEquals(poisonKeys.nextDeadline, Infinity);
});

Deno.test("the same set is given as long as nothing changes", () => {
  const poisonKeys = afterDeaths([["x"], ["x"], ["x"]]);
  assertEquals(poisonKeys.keys(2000) === poisonKeys.keys(3000), true);
});

Deno.test("with 0 nothing is quarantined", () => {
  const off = { ...POLICY, poisonDeaths: 0 };
  assertEquals(afterDeaths([["x"], ["x"], ["x"]], off).keys(2000).size, 0);
});

Deno.test("keys that deaths share by the dozen are popular, not poisonous", () => {
  const popular = ["a", "b", "c"];
  assertEquals(afterDeaths([popular, popular, popular]).keys(2000).size, 0);
  assertEquals(afterDeaths([popular, ["a", "b"], popular]).keys(2000).size, 2);
});
