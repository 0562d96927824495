import { assertEquals, assertThrows } from "@std/assert";
import { readOptions } from "./options.ts";

const PARTS = ["docker-cold", "haproxy"];

Deno.test("without options everything runs at full length", () => {
  const { only, kills, pauses, balancerKills, out } = readOptions([], PARTS);
  assertEquals([only, kills, pauses, balancerKills, out], [[], 50, 20, 20, "docs/bench"]);
});

Deno.test("--quick is short, apart from the results that are kept", () => {
  const { kills, pauses, balancerKills, out } = readOptions(["--quick", "--kills=7"], PARTS);
  assertEquals([kills, pauses, balancerKills, out], [7, 3, 3, ".run/bench-heal"]);
});

Deno.test("parts are chosen by a list", () => {
  assertEquals(readOptions(["--only", "haproxy, docker-cold"], PARTS).only, [
    "haproxy",
    "docker-cold",
  ]);
});

Deno.test("what cannot be understood is answered with the option and what it accepts", () => {
  assertThrows(() => readOptions(["--only=nginx"], PARTS), Error, "--only must be one or more of");
  assertThrows(() => readOptions(["--kills=0"], PARTS), Error, "--kills must be a whole number");
  assertThrows(() => readOptions(["--pause=x"], PARTS), Error, "--pause must be a whole number");
});
