import { assert, assertEquals } from "@std/assert";
import type { KeptConnection } from "./probe_connection.ts";
import { newMember } from "../member/member.ts";
import { cadence, NotAskedError, ProbeLoop } from "./probe.ts";
import { SlotTimer } from "./slot_timer.ts";
import { TestClock, TestFailures, testPolicy } from "../testing.ts";

const address = { hostname: "127.0.0.1", port: 1 };

Deno.test("a ready replica gets a heartbeat per interval; a missed one is confirmed at once", () => {
  const ready = { ...newMember({ name: "S", joined: true }, 0), phase: "ready" as const };
  const steady = { intervalMs: 3000, deadlineMs: 1000, steady: true as const };
  assertEquals(cadence(ready, 0, testPolicy()), steady);
  const missed = { ...ready, misses: 1 };
  assertEquals(cadence(missed, 0, testPolicy()), { intervalMs: 0, deadlineMs: 500 });
  const suspect = { ...ready, suspect: true };
  assertEquals(cadence(suspect, 0, testPolicy()), { intervalMs: 0, deadlineMs: 500 });
  const spared = { ...ready, misses: 2 };
  assertEquals(cadence(spared, 0, testPolicy()), { intervalMs: 250, deadlineMs: 500 });
});

Deno.test("a warming replica gets frequent heartbeats, less frequent ones as it takes longer", () => {
  const warming = { ...newMember({ name: "S", joined: true }, 0), phase: "warming" as const };
  const intervals = [0, 1000, 60_000].map((now) => cadence(warming, now, testPolicy()).intervalMs);
  assertEquals(intervals, [25, 100, 250]);
});

Deno.test("heartbeats never overlap and keep their interval for every duration of each", async () => {
  const clock = new TestClock();
  const starts: number[] = [];
  let running = 0;
  const loop = new ProbeLoop({
    address,
    name: "S",
    clock,
    slots: new SlotTimer(clock),
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
  // The clock of the test rounds a delay of 0 up to one millisecond.
  assertEquals(starts, [0, 100, 351, 451, 551]);
});

Deno.test("a loop that is closed during a heartbeat reports nothing", async () => {
  const clock = new TestClock();
  let reports = 0;
  let aborted = false;
  const loop = new ProbeLoop({
    address,
    name: "S",
    clock,
    slots: new SlotTimer(clock),
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

Deno.test("a heartbeat that could not be sent is no miss: it is recorded and retried", async () => {
  const clock = new TestClock();
  const failures = new TestFailures();
  const sent: number[] = [];
  const reports: unknown[] = [];
  const loop = new ProbeLoop({
    address,
    name: "S",
    clock,
    slots: new SlotTimer(clock),
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

/** Returns the starts of a loop's heartbeats, by its clock. */
async function startsOf(port: number, isSteady: () => boolean, ms: number): Promise<number[]> {
  const clock = new TestClock();
  const starts: number[] = [];
  const loop = new ProbeLoop({
    address: { hostname: "127.0.0.1", port },
    name: "S",
    clock,
    slots: new SlotTimer(clock),
    cadence: () => ({ intervalMs: 1000, deadlineMs: 1000, ...(isSteady() && { steady: true }) }),
    probe: () => {
      starts.push(clock.now());
      return Promise.resolve(undefined);
    },
    report: () => {},
    failures: new TestFailures(),
  });
  await clock.turn(ms);
  loop.close();
  return starts;
}

Deno.test("steady heartbeats of many instances are spread over the interval, and none is late", async () => {
  const seconds = new Set<number>();
  for (let port = 1; port <= 100; port++) {
    const [first = 0, second = 0, ...rest] = await startsOf(port, () => true, 5000);
    assertEquals(first, 0);
    seconds.add(Math.floor(second / 100));
    let before = second;
    for (const start of rest) {
      // A tenth of the interval early at most, and a slot of a sixtieth.
      assert(start - before >= 899 - 17 && start - before <= 1000, `${start - before}`);
      before = start;
    }
  }
  assertEquals(seconds.size, 10);
});

Deno.test("unsteady heartbeats keep their interval, and steady ones after them are spread", async () => {
  let asked = 0;
  const starts = await startsOf(7, () => ++asked > 5, 4000);
  assertEquals(starts.slice(0, 3), [0, 1000, 2000]);
  assert(starts[3]! < 3000, `${starts[3]}`);
});

Deno.test("only steady heartbeats use the kept connection", async () => {
  const clock = new TestClock();
  const kept: boolean[] = [];
  let steady = true;
  let dropped = 0;
  const loop = new ProbeLoop({
    address,
    name: "S",
    clock,
    slots: new SlotTimer(clock),
    cadence: () => ({ intervalMs: 100, deadlineMs: 1000, ...(steady && { steady: true }) }),
    probe: (_address, _deadline, _signal, _name, keep) => {
      kept.push(keep?.usable !== undefined);
      keep?.set(restingConnection(() => dropped++));
      return Promise.resolve(undefined);
    },
    report: () => {},
    failures: new TestFailures(),
  });
  await clock.turn(150);
  steady = false;
  loop.probeNow();
  await clock.turn(1);
  loop.close();
  assertEquals([kept.at(0), kept.at(1), kept.at(-1)], [false, true, false]);
  assertEquals(dropped, kept.length);
});

/** The part of a connection that its keeper uses. */
function restingConnection(onClose: () => void): Parameters<KeptConnection["set"]>[0] {
  return { usable: true, close: onClose } as Parameters<KeptConnection["set"]>[0];
}
