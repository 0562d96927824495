import { assert, assertEquals } from "@std/assert";
import { systemTest as test } from "./needs.ts";
import { batchesOf } from "./batches.ts";

test("all test files of a folder are in a batch, each in one", async () => {
  const files = (await batchesOf(["tools/test/", "ring/ring_test.ts"])).flat();
  assertEquals(files, [...new Set(files)]);
  assert(files.includes("tools/test/batches_test.ts") && files.includes("ring/ring_test.ts"));
  assert(files.every((file) => file.startsWith("tools/test/") || file === "ring/ring_test.ts"));
});

test("a file that is chosen is run whatever it is called", async () => {
  assertEquals(await batchesOf(["ring/mod.ts"]), [["ring/mod.ts"]]);
});

test("files that take long are alone in their batches and start first, containers before all", async () => {
  const batches = await batchesOf(["balancer/engine/", "tests/blackbox/", "tools/test/"]);
  const sizes = batches.map(({ length }) => length);
  assertEquals(batches[0], ["balancer/engine/docker_test.ts"]);
  assertEquals(
    sizes.slice(0, sizes.findIndex((size) => size > 1)).every((size) => size === 1),
    true,
  );
  assert(batches.at(-1)?.some((file) => file.startsWith("tools/test/")));
  assert(
    batches.filter(({ length }) => length > 1).flat().every((file) => !file.startsWith("tests/")),
  );
});

test("without a choice every room's tests are found, and no module of node_modules", async () => {
  const batches = await batchesOf([]);
  assert(batches.length > 20);
  const files = batches.flat();
  for (const room of ["balancer/", "bench/", "deploy/", "replica/", "ring/", "tests/", "tools/"]) {
    assert(files.some((file) => file.startsWith(room)), room);
  }
  assert(!files.some((file) => file.includes("node_modules") || file.startsWith(".")));
});
