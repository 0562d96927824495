import { assert, assertEquals } from "@std/assert";
import { systemTest as test } from "./needs.ts";
import { lanesOf } from "./lanes.ts";

test("all test files of a folder are shared out, each to one process", async () => {
  const lanes = await lanesOf(["tools/test/", "ring/ring_test.ts"]);
  assertEquals(lanes.length, 2);
  const files = lanes.flat().sort();
  assertEquals(files, [...new Set(files)]);
  assert(files.includes("tools/test/lanes_test.ts") && files.includes("ring/ring_test.ts"));
  assert(files.every((file) => file.startsWith("tools/test/") || file === "ring/ring_test.ts"));
  assert(Math.abs(lanes[0]!.length - lanes[1]!.length) <= 1);
});

test("one file is one process", async () => {
  assertEquals(await lanesOf(["ring/ring_test.ts"]), [["ring/ring_test.ts"]]);
});

test("without a choice every room's tests are found, and no module of node_modules", async () => {
  const files = (await lanesOf([])).flat();
  for (const room of ["balancer/", "bench/", "deploy/", "replica/", "ring/", "tests/", "tools/"]) {
    assert(files.some((file) => file.startsWith(room)), room);
  }
  assert(!files.some((file) => file.includes("node_modules") || file.startsWith(".")));
});
