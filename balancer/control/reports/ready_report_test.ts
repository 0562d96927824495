import { assertEquals, assertThrows } from "@std/assert";
import type { ReplicaStatus } from "../../answers/fleet.ts";
import { NotReadyError, readyReport } from "./ready_report.ts";

type Known = Pick<ReplicaStatus, "state" | "inRing" | "weight">;

const READY: Known = { state: "ready", inRing: true, weight: 1 };
const DOWN: Known = { ...READY, state: "down" };

function report(replicas: readonly Known[], share = 0.5, more = {}): string {
  const facts = {
    status: { replicas: replicas as ReplicaStatus[], maintenance: null },
    share,
    draining: false,
    isolated: undefined,
    ...more,
  };
  const { ready, needed, of } = readyReport(facts);
  return `${ready} of ${of}, ${needed} needed`;
}

function reason(...args: Parameters<typeof report>): string {
  return assertThrows(() => report(...args), NotReadyError).message;
}

Deno.test("the whole is ready while the share of its replicas is", () => {
  assertEquals(report([READY, READY, DOWN]), "2 of 3, 2 needed");
  assertEquals(reason([READY, DOWN, DOWN]), "1 of 3 replicas is ready; LB_READY_SHARE=0.5 needs 2");
  assertEquals(report([READY, DOWN]), "1 of 2, 1 needed");
  assertEquals(reason([READY, DOWN], 1), "1 of 2 replicas is ready; LB_READY_SHARE=1 needs 2");
  assertEquals(report([READY, DOWN, DOWN], 0.01), "1 of 3, 1 needed");
});

Deno.test("without any ready replica only a share of 0 is reached", () => {
  assertEquals(reason([DOWN]), "0 of 1 replicas are ready; LB_READY_SHARE=0.5 needs 1");
  assertEquals(reason([]), "0 of 0 replicas are ready; LB_READY_SHARE=0.5 needs 1");
  assertEquals(report([DOWN], 0), "0 of 1, 0 needed");
});

Deno.test("replicas that own no slots do not count", () => {
  const drained = { ...READY, weight: 0 };
  const joining = { ...DOWN, inRing: false };
  assertEquals(report([READY, drained, drained, joining, joining]), "1 of 1, 1 needed");
  assertEquals(
    reason([DOWN, drained]),
    "0 of 1 replicas are ready; LB_READY_SHARE=0.5 needs 1",
  );
});

Deno.test("a balancer that drains or is isolated is not ready, whatever its replicas are", () => {
  assertEquals(
    reason([READY], 0, { draining: true }),
    "the balancer is draining: it is about to end",
  );
  assertEquals(reason([READY], 0, { isolated: "no quorum" }), "no quorum");
});
