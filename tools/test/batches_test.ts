import { assert, assertEquals } from "@std/assert";
import { systemTest as test } from "./needs.ts";
import { type Batch, batchesOf } from "./batches.ts";

function filesOf(batches: readonly Batch[]): string[] {
  return batches.flatMap(({ files }) => files);
}

test("all test files of a folder are in a batch, each in one", async () => {
  const files = filesOf(await batchesOf(["tools/test/", "ring/ring_test.ts"]));
  assertEquals(files, [...new Set(files)]);
  assert(files.includes("tools/test/batches_test.ts") && files.includes("ring/ring_test.ts"));
  assert(files.every((file) => file.startsWith("tools/test/") || file === "ring/ring_test.ts"));
});

test("a file that is chosen is run whatever it is called", async () => {
  assertEquals(await batchesOf(["ring/mod.ts"]), [{ files: ["ring/mod.ts"], pure: false }]);
});

test("files that take long are alone in their batches and start first, containers before all", async () => {
  const batches = await batchesOf(["balancer/engine/", "tests/blackbox/", "tools/test/"]);
  assertEquals(batches[0]?.files, ["balancer/engine/docker_test.ts"]);
  const long = batches.findIndex(({ files }) => files.length > 1);
  assert(batches.slice(0, long).every(({ files }) => files.length === 1));
  assert(filesOf(batches.slice(long)).every((file) => !file.startsWith("tests/")));
});

test("files whose tests need no permissions share batches, the last ones", async () => {
  const batches = await batchesOf(["balancer/engine/", "tools/test/"]);
  const pure = batches.filter((batch) => batch.pure);
  assertEquals(batches.slice(-pure.length), pure);
  assert(filesOf(pure).includes("tools/test/report_test.ts"));
  assert(!filesOf(pure).some((file) => /batches_test|needs_test|docker_test/.test(file)));
});

test("without a choice every room's tests are found, and no module of node_modules", async () => {
  const batches = await batchesOf([]);
  assert(batches.length > 20);
  const files = filesOf(batches);
  for (const room of ["balancer/", "bench/", "deploy/", "replica/", "ring/", "tests/", "tools/"]) {
    assert(files.some((file) => file.startsWith(room)), room);
  }
  assert(!files.some((file) => file.includes("node_modules") || file.startsWith(".")));
});
