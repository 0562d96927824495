import { assertEquals, assertThrows } from "@std/assert";
import { canonicalMembers, type Member } from "./members.ts";
import { trailingNumber } from "./trailing_number.ts";

function namesOf(members: readonly (string | Member)[]): string[] {
  return canonicalMembers(members).map(({ name }) => name);
}

Deno.test("The trailing number is that of the last digits", () => {
  assertEquals(trailingNumber("Server12"), 12);
  assertEquals(trailingNumber("S4-007"), 7);
  assertEquals(trailingNumber("5"), 5);
  assertEquals(trailingNumber("9007199254740991"), Number.MAX_SAFE_INTEGER);
});

Deno.test("A name without digits at its end, or with too many, has no trailing number", () => {
  for (const name of ["", "alpha", "7up", "Server\u0663", "9007199254740992"]) {
    assertEquals(trailingNumber(name), undefined);
  }
});

Deno.test("Members stand in the order of their numbers, those without one first", () => {
  assertEquals(namesOf(["S10", "web", "Server2", "S2", "api", "S1"]), [
    "api",
    "web",
    "S1",
    "S2",
    "Server2",
    "S10",
  ]);
});

Deno.test("A member without a weight has weight 1", () => {
  assertEquals(canonicalMembers(["a", { name: "b" }, { name: "c", weight: 2.5 }]), [
    { name: "a", weight: 1 },
    { name: "b", weight: 1 },
    { name: "c", weight: 2.5 },
  ]);
});

Deno.test("Empty and doubled names are refused", () => {
  assertThrows(() => canonicalMembers([""]), RangeError, 'not empty, got ""');
  assertThrows(() => canonicalMembers(["a", { name: "a" }]), RangeError, 'got "a" twice');
});

Deno.test("A name that is no string is refused", () => {
  assertThrows(() => canonicalMembers([{ name: 7 as unknown as string }]), TypeError, "got 7");
});

Deno.test("Members that are no array are refused", () => {
  const text = "Server1" as unknown as string[];
  assertThrows(() => canonicalMembers(text), TypeError, "members must be an array, got Server1");
});

Deno.test("A weight that is negative, not finite or no number is refused", () => {
  for (const weight of [-1, NaN, Infinity]) {
    const message = `weight of "a" must be a finite number from 0 up, got ${weight}`;
    assertThrows(() => canonicalMembers([{ name: "a", weight }]), RangeError, message);
  }
  const text = "2" as unknown as number;
  assertThrows(() => canonicalMembers([{ name: "a", weight: text }]), TypeError, "got 2");
});

Deno.test("Members that all have weight 0 are refused", () => {
  assertThrows(() => canonicalMembers([{ name: "a", weight: 0 }]), RangeError, "weight above 0");
});
