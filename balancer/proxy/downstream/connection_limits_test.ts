import { assertEquals } from "@std/assert";
import { ConnectionLimits, sharedCounts, strikeOutConnections } from "./connection_limits.ts";

Deno.test("the total of connections is bounded over all workers", () => {
  const counts = sharedCounts(2);
  const workers = [0, 1].map((row) =>
    new ConnectionLimits(counts, row, { total: 3, perAddress: 0 })
  );
  const entered = ["a", "b", "c", "d"].map((address, i) => workers[i % 2]!.enter(address));
  assertEquals(entered, [undefined, undefined, undefined, "total"]);
  workers[1]!.leave("d");
  assertEquals(workers[0]!.enter("e"), "total");
  workers[0]!.leave("e");
  workers[0]!.leave("a");
  assertEquals(workers[1]!.enter("f"), undefined);
  strikeOutConnections(counts, 1);
  assertEquals(["g", "h"].map((address) => workers[0]!.enter(address)), [undefined, undefined]);
  assertEquals(workers[1]!.enter("i"), "total");
});

Deno.test("connections are bounded for each address", () => {
  const limits = new ConnectionLimits(sharedCounts(1), 0, { total: 100, perAddress: 2 });
  const addresses = ["192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.1", "2001:db8::1"];
  assertEquals(addresses.map((address) => limits.enter(address)), [
    undefined,
    undefined,
    undefined,
    "perAddress",
    undefined,
  ]);
  limits.leave("192.0.2.1");
  limits.leave("192.0.2.1");
  assertEquals(limits.enter("192.0.2.1"), undefined);
});

Deno.test("zero means no limit", () => {
  const limits = new ConnectionLimits(sharedCounts(1), 0, { total: 0, perAddress: 0 });
  const exceeded = Array.from({ length: 1000 }, () => limits.enter("a")).filter((bound) => bound);
  assertEquals(exceeded, []);
});
