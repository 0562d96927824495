import { assertEquals } from "@std/assert";
import type { DeployStep } from "../../balancer/answers/event.ts";
import { beginDeploy, deployLines, nextStep, stepLine } from "./deploy_lines.ts";
import { NO_PAINT } from "./paint.ts";

const LOOK = { paint: NO_PAINT, height: 24 };

function after(names: readonly string[], steps: readonly DeployStep[], look = LOOK): string[] {
  return deployLines(steps.reduce(nextStep, beginDeploy(names)), 12_345, look);
}

Deno.test("deploy: the block has a bar, the time and a line for each replica", () => {
  const steps: DeployStep[] = [
    { step: "starting", name: "A" },
    { step: "draining", name: "A" },
    { step: "replaced", name: "A" },
    { step: "watching", name: "A", forMs: 500 },
    { step: "starting", name: "B" },
  ];
  assertEquals(after(["A", "B", "C"], steps), [
    "[########----------------] deploy: replacing, 1 of 3 replaced, 12 s",
    "  A  replaced",
    "  B  starts",
    "  C  waits",
  ]);
  assertEquals(after(["A", "B", "C"], steps.slice(0, 4))[1], "  A  serves, has to stay ready");
});

Deno.test("deploy: an image pull is shown, and nothing is replaced meanwhile", () => {
  const lines = after(["A"], [{ step: "pulling", reason: "app:2 \x1b[31mis missing" }]);
  assertEquals(lines, [
    "[------------------------] deploy: preparing, 0 of 1 replaced, 12 s",
    "  app:2 is missing",
    "  A  waits",
  ]);
});

Deno.test("deploy: a rollback keeps its reason, and marks replicas with the old template", () => {
  const steps: DeployStep[] = [
    { step: "replaced", name: "A" },
    { step: "starting", name: "B" },
    { step: "rolling-back", name: "B", reason: "B did not become ready: exit code 1" },
    { step: "starting", name: "A" },
    { step: "replaced", name: "A" },
  ];
  assertEquals(after(["A", "B"], steps), [
    "[------------------------] deploy: rolling back, 0 of 2 replaced, 12 s",
    "  B did not become ready: exit code 1",
    "  A  runs its old template again",
    "  B  starts",
  ]);
  const ended = after(["A", "B"], [...steps, { step: "rolled-back" }]);
  assertEquals(ended[0]?.includes("deploy: rolled back,"), true);
});

Deno.test("deploy: a low terminal shows as many replicas as fit, including the one at work", () => {
  const names = Array.from({ length: 50 }, (_, i) => `S${i}`);
  const steps: DeployStep[] = [
    ...names.slice(0, 30).map((name): DeployStep => ({ step: "replaced", name })),
    { step: "starting", name: "S30" },
  ];
  const lines = after(names, steps, { ...LOOK, height: 10 });
  assertEquals(lines.length, 8);
  assertEquals(lines.includes("  S30  starts"), true);
});

Deno.test("deploy: a printed step names the replica and the watching time", () => {
  assertEquals(stepLine({ step: "draining", name: "A" }), "A: draining");
  assertEquals(
    stepLine({ step: "watching", name: "A", forMs: 500 }),
    "A: has to stay ready for 500 ms",
  );
  assertEquals(stepLine({ step: "rolled-back", reason: "no\nroom" }), "rolled back (no room)");
});
