import { assertEquals } from "@std/assert";
import { reserve } from "./reservations.ts";

function placed(name: string, machine?: string) {
  return { name, instance: name.toLowerCase(), machine };
}

Deno.test("replicas of one machine have different spares reserved, each on another machine", () => {
  const replicas = [placed("S1", "a"), placed("S2", "a"), placed("S3", "b"), placed("S4", "b")];
  const { spares } = reserve(replicas, [placed("X", "a"), placed("Y", "b"), placed("Z", "c")]);
  assertEquals([...spares], [["S1", "y"], ["S2", "z"], ["S3", "z"], ["S4", "x"]]);
});

Deno.test("reservations depend on names and machines, and not on the order of the replicas", () => {
  const replicas = [placed("S1", "a"), placed("S2", "b"), placed("S3", "a")];
  const spares = [placed("X", "b"), placed("Y", "c")];
  assertEquals(reserve(replicas, spares), reserve(replicas, spares));
  assertEquals(reserve(replicas.toReversed(), spares).spares, reserve(replicas, spares).spares);
});

Deno.test("replicas beyond the number of spares have none reserved, and spares without an instance count for none", () => {
  const replicas = [placed("S1"), placed("S2")];
  const spares = [{ ...placed("X"), instance: undefined }, placed("Y")];
  assertEquals([...reserve(replicas, spares).spares], [["S1", "y"]]);
  assertEquals([...reserve(replicas, []).spares], []);
});
