import { assertEquals } from "@std/assert";
import { PoisonKeys } from "./poison_keys.ts";

const POLICY = { poisonDeaths: 3, quarantineMs: 60_000 };

/** Returns the poison keys after deaths one second apart, each with these keys in flight. */
function afterDeaths(keys: readonly (readonly string[])[], policy = POLICY): PoisonKeys {
  const poisonKeys = new PoisonKeys(policy);
  for (const [k, inFlight] of keys.entries()) {
    const now = 1000 * k;
    for (const key of inFlight) poisonKeys.recordFailure(`i${k}`, key, now);
    poisonKeys.recordDeath(`i${k}`, now);
  }
  return poisonKeys;
}

Deno.test("only a key that was in flight in all three deaths is quarantined", () => {
  const poisonKeys = afterDeaths([["a", "x"], ["b", "x"], ["x", "a"]]);
  assertEquals([...poisonKeys.keys(2000)], ["x"]);
});

Deno.test("a death without the key interrupts the row", () => {
  assertEquals(afterDeaths([["x"], ["x"]]).keys(2000).size, 0);
  assertEquals(afterDeaths([["x"], ["x"], [], ["x"]]).keys(3000).size, 0);
  assertEquals(afterDeaths([["x"], [], ["x"], ["x"], ["x"]]).keys(4000).size, 1);
});

Deno.test("deaths more than a minute apart are not in a row", () => {
  const poisonKeys = afterDeaths([["x"], ["x"]]);
  poisonKeys.recordFailure("i9", "x", 70_000);
  poisonKeys.recordDeath("i9", 70_000);
  assertEquals(poisonKeys.keys(70_000).size, 0);
});

Deno.test("the report of a request may arrive after the report of the death", () => {
  const poisonKeys = afterDeaths([["x"], ["x"], []]);
  poisonKeys.recordFailure("i2", "x", 2100);
  assertEquals([...poisonKeys.keys(2100)], ["x"]);
});

Deno.test("a failure long before the death does not count", () => {
  const poisonKeys = afterDeaths([["x"], ["x"]]);
  poisonKeys.recordFailure("i2", "x", 2000);
  poisonKeys.recordFailure("other", "y", 3500);
  poisonKeys.recordDeath("i2", 3500);
  assertEquals(poisonKeys.keys(3500).size, 0);
});

Deno.test("a key is released at the end of its quarantine", () => {
  const poisonKeys = afterDeaths([["x"], ["x"], ["x"]]);
  assertEquals(poisonKeys.list(2000), [{ key: "x", until: 62_000 }]);
  assertEquals(poisonKeys.nextDeadline, 62_000);
  assertEquals(poisonKeys.keys(61_999).size, 1);
  assertEquals(poisonKeys.keys(62_000).size, 0);
  assertEquals(poisonKeys.nextDeadline, Infinity);
});

Deno.test("the same set object is returned until it changes", () => {
  const poisonKeys = afterDeaths([["x"], ["x"], ["x"]]);
  assertEquals(poisonKeys.keys(2000) === poisonKeys.keys(3000), true);
});

Deno.test("a limit of 0 deaths disables the quarantine", () => {
  const off = { ...POLICY, poisonDeaths: 0 };
  assertEquals(afterDeaths([["x"], ["x"], ["x"]], off).keys(2000).size, 0);
});

Deno.test("many shared keys are popular, not poisonous", () => {
  const popular = ["a", "b", "c"];
  assertEquals(afterDeaths([popular, popular, popular]).keys(2000).size, 0);
  assertEquals(afterDeaths([popular, ["a", "b"], popular]).keys(2000).size, 2);
});
