import { assertEquals, assertThrows } from "@std/assert";
import { NotReadyError, readyReport } from "./ready_report.ts";

function report([servingReady, serving]: readonly [number, number], share = 0.5, more = {}) {
  const facts = { serving, servingReady, maintenance: false, share, draining: false };
  const { ready, needed, of } = readyReport({ ...facts, isolated: undefined, ...more });
  return `${ready} of ${of}, ${needed} needed`;
}

function reason(...args: Parameters<typeof report>): string {
  return assertThrows(() => report(...args), NotReadyError).message;
}

Deno.test("the whole is ready while the share of its replicas is", () => {
  assertEquals(report([2, 3]), "2 of 3, 2 needed");
  assertEquals(reason([1, 3]), "1 of 3 replicas is ready; LB_READY_SHARE=0.5 needs 2");
  assertEquals(report([1, 2]), "1 of 2, 1 needed");
  assertEquals(reason([1, 2], 1), "1 of 2 replicas is ready; LB_READY_SHARE=1 needs 2");
  assertEquals(report([1, 3], 0.01), "1 of 3, 1 needed");
});

Deno.test("without any ready replica only a share of 0 is reached", () => {
  assertEquals(reason([0, 1]), "0 of 1 replicas are ready; LB_READY_SHARE=0.5 needs 1");
  assertEquals(reason([0, 0]), "0 of 0 replicas are ready; LB_READY_SHARE=0.5 needs 1");
  assertEquals(report([0, 1], 0), "0 of 1, 0 needed");
});

Deno.test("a balancer that drains or is isolated is not ready, whatever its replicas are", () => {
  assertEquals(
    reason([1, 1], 0, { draining: true }),
    "the balancer is draining: it is about to end",
  );
  assertEquals(reason([1, 1], 0, { isolated: "no quorum" }), "no quorum");
});
