import { assertEquals } from "@std/assert";
import { FleetHarness } from "../harness.ts";
import { TestFailures } from "../testing.ts";
import { EventQueue } from "./event_queue.ts";

function makeQueue() {
  const done: string[] = [];
  const failures = new TestFailures();
  return { done, failures, queue: new EventQueue({ settle: () => done.push("settle"), failures }) };
}

Deno.test("a step that a running step queues runs after that one is settled", () => {
  const { done, queue } = makeQueue();
  queue.run(() => {
    queue.run(() => done.push("second"));
    done.push("first");
  });
  assertEquals(done, ["first", "settle", "second", "settle"]);
});

Deno.test("a recorded step waits its turn and is not settled", () => {
  const { done, queue } = makeQueue();
  queue.run(() => {
    queue.record(() => done.push("recorded"));
    done.push("first");
  });
  assertEquals(done, ["first", "settle", "recorded"]);
});

Deno.test("many batched steps are reconciled once, before timers", async () => {
  const { done, queue } = makeQueue();
  const timer = new Promise<void>((resolve) =>
    setTimeout(() => {
      done.push("timer");
      resolve();
    })
  );
  for (const step of ["a", "b", "c"]) {
    queue.runBatched(() => {
      done.push(step);
      return true;
    });
  }
  assertEquals(done, ["a", "b", "c"]);
  await timer;
  assertEquals(done, ["a", "b", "c", "settle", "timer"]);
});

Deno.test("a step after a batched one reconciles for both", async () => {
  const { done, queue } = makeQueue();
  queue.runBatched(() => true);
  queue.run(() => done.push("step"));
  await Promise.resolve();
  assertEquals(done, ["step", "settle"]);
});

Deno.test("a batched step that changed nothing is not reconciled, nor any once the queue is closed", async () => {
  const { done, queue } = makeQueue();
  queue.runBatched(() => false);
  await Promise.resolve();
  queue.runBatched(() => true);
  queue.close();
  await Promise.resolve();
  assertEquals(done, []);
});

Deno.test("a fault in a step is recorded, and the steps after it run", () => {
  const { done, failures, queue } = makeQueue();
  queue.run(() => {
    throw new Error("fault");
  });
  queue.run(() => done.push("second"));
  assertEquals([done, failures.actions], [["second", "settle"], ["fleet.step"]]);
});

Deno.test("a closed queue runs nothing", () => {
  const { done, queue } = makeQueue();
  queue.close();
  queue.run(() => done.push("step"));
  queue.record(() => done.push("recorded"));
  assertEquals(done, []);
});

Deno.test("signals that arrive during a step of the writer are applied after it", async () => {
  const harness = await new FleetHarness().open();
  const { fleet } = harness;
  const seen: string[] = [];
  fleet.eventLog.subscribe(({ type }) => seen.push(type));
  const { name, instance } = fleet.view.ready.get("Server1")!;
  let observed: readonly string[] | undefined;
  await fleet.until(() => {
    fleet.observe({ name, instance, kind: "reset", fresh: true, key: "k" });
    fleet.count([]);
    fleet.applied(1);
    observed ??= [...seen];
    return true;
  });
  assertEquals(observed, []);
  assertEquals(seen.filter((type) => type !== "view"), ["evidence", "changed", "costs", "applied"]);
  await fleet.close();
});
