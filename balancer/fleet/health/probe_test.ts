import { assert, assertEquals } from "@std/assert";
import { newMember } from "../member/member.ts";
import { cadence, NotAskedError, ProbeLoop } from "./probe.ts";
import { TestClock, TestFailures, testPolicy } from "../testing.ts";

const address = { hostname: "127.0.0.1", port: 1 };

Deno.test("a ready replica is asked every heartbeat, a missed one is confirmed at once", () => {
  const ready = { ...newMember({ name: "S", joined: true }, 0), phase: "ready" as const };
  assertEquals(cadence(ready, 0, testPolicy()), { intervalMs: 3000, deadlineMs: 1000 });
  const missed = { ...ready, misses: 1 };
  assertEquals(cadence(missed, 0, testPolicy()), { intervalMs: 0, deadlineMs: 500 });
  const suspect = { ...ready, suspect: true };
  assertEquals(cadence(suspect, 0, testPolicy()), { intervalMs: 0, deadlineMs: 500 });
  const spared = { ...ready, misses: 2 };
  assertEquals(cadence(spared, 0, testPolicy()), { intervalMs: 250, deadlineMs: 500 });
});

Deno.test("a warming replica is asked often at first and less often as it takes longer", () => {
  const warming = { ...newMember({ name: "S", joined: true }, 0), phase: "warming" as const };
  const intervals = [0, 1000, 60_000].map((now) => cadence(warming, now, testPolicy()).intervalMs);
  assertEquals(intervals, [25, 100, 250]);
});

Deno.test("heartbeats never overlap and keep their rhythm however long each one takes", async () => {
  const clock = new TestClock();
  const starts: number[] = [];
  let running = 0;
  const loop = new ProbeLoop({
    address,
    name: "S",
    clock,
    cadence: () => ({ intervalMs: 100, deadlineMs: 1000 }),
    probe: async () => {
      assertEquals(++running, 1);
      starts.push(clock.now());
      await new Promise<void>((resolve) => clock.after(starts.length === 2 ? 250 : 30, resolve));
      running--;
      return undefined;
    },
    report: () => {},
    failures: new TestFailures(),
  });
  await clock.turn(600);
  loop.close();
  // The clock of the test turns a delay of nothing into one millisecond.
  assertEquals(starts, [0, 100, 351, 451, 551]);
});

Deno.test("a loop that is closed while a heartbeat is under way reports nothing", async () => {
  const clock = new TestClock();
  let reports = 0;
  let aborted = false;
  const loop = new ProbeLoop({
    address,
    name: "S",
    clock,
    cadence: () => ({ intervalMs: 100, deadlineMs: 1000 }),
    probe: (_address, _deadline, signal) => {
      signal.addEventListener("abort", () => aborted = true);
      return new Promise((resolve) =>
        clock.after(50, () => resolve({ reason: "late", refused: false }))
      );
    },
    report: () => reports++,
    failures: new TestFailures(),
  });
  await clock.turn(10);
  loop.close();
  await clock.turn(1000);
  assert(aborted);
  assertEquals(reports, 0);
});

Deno.test("a heartbeat that could not be sent is no miss: it is recorded, and sent a moment later", async () => {
  const clock = new TestClock();
  const failures = new TestFailures();
  const sent: number[] = [];
  const reports: unknown[] = [];
  const loop = new ProbeLoop({
    address,
    name: "S",
    clock,
    cadence: () => ({ intervalMs: 10_000, deadlineMs: 1000 }),
    probe: () => {
      sent.push(clock.now());
      if (sent.length < 3) return Promise.reject(new NotAskedError("too many open files"));
      return Promise.resolve(undefined);
    },
    report: (miss) => reports.push(miss),
    failures,
  });
  await clock.turn(1000);
  loop.close();
  assertEquals(sent, [0, 250, 500]);
  assertEquals(reports, [undefined]);
  assertEquals(failures.actions, ["fleet.heartbeat", "fleet.heartbeat"]);
});
