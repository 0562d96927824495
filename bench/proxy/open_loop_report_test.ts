import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { chance } from "../harness/random.ts";
import { arrivals, reportOf } from "./open_loop_report.ts";

Deno.test("moments of an open loop are as many as the rate says, ascending, and the same for a seed", () => {
  const due = arrivals(10_000, 3, chance(7));
  assert(Math.abs(due.length / 3 - 10_000) < 200, `${due.length}`);
  assertEquals(due, due.toSorted());
  assertEquals(due, arrivals(10_000, 3, chance(7)));
  const pauses = due.slice(1).map((at, before) => at - (due[before] ?? 0));
  const deviation = Math.sqrt(pauses.reduce((sum, one) => sum + (one - 0.1) ** 2, 0) / due.length);
  assert(Math.abs(deviation - 0.1) < 0.01, `exponential pauses, not ${deviation}`);
});

Deno.test("times count from the due moment, without the first half second", () => {
  const due = Float64Array.from({ length: 200 }, (_, at) => at * 10);
  const times = due.map((at) => at < 500 ? 900 : 5);
  const report = reportOf({ due, times, lags: due.map(() => 0.5), failed: 0 });
  assertEquals([report.p50, report.p99, report.slowest, report.lag], [5, 5, 5, 0.5]);
});

Deno.test("a request without a response is the slowest, and is not carried", () => {
  const due = Float64Array.from({ length: 200 }, (_, at) => at * 10);
  const times = due.map((at) => at < 1000 ? 5 : NaN);
  const report = reportOf({ due, times, lags: due.map(() => 0), failed: 100 });
  assertEquals(report.p99, 1990);
  assertAlmostEquals(report.carried, 100 / 1.99);
  assertAlmostEquals(report.offered, 200 / 1.99);
});
