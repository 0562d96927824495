import { assertAlmostEquals, assertEquals } from "@std/assert";
import { corrected, http2Summary, summary } from "./h2load.ts";

/** A line for a request that began the given microseconds after the first. */
function line(startUs: number, timeUs: number, status = 200): string {
  return `${1795442915257278 + startUs}\t${status}\t${timeUs}\n`;
}

Deno.test("logs of h2load are taken together", () => {
  const odd = Array.from({ length: 50 }, (_, at) => line(at * 20_000, 2000 * at + 1000)).join("");
  const even = Array.from({ length: 50 }, (_, at) => line(at * 20_000, 2000 * at + 2000)).join("");
  const result = summary([odd, even], 0);
  assertEquals(result.requests, 100);
  assertEquals([result.p50, result.p99, result.slowest], [50, 99, 100]);
  assertAlmostEquals(result.rate, 100 / 0.98);
  assertEquals(result.failed, 0);
});

Deno.test("the beginning does not count", () => {
  const log = line(0, 9_000_000) + line(600_000, 1000) + line(700_000, 3000);
  const result = summary([log]);
  assertEquals([result.requests, result.slowest], [2, 3]);
});

Deno.test("a request without a success is a failure", () => {
  const log = line(0, 1) + line(1, 1, -1) + line(2, 1, 502) + line(3, 1, 204);
  assertEquals(summary([log], 0).failed, 2);
});

Deno.test("requests that a late one keeps back are as late as they would have been", () => {
  assertEquals([...corrected([3, 10, 25], 10)], [3, 10, 25, 15]);
  assertEquals([...corrected([3, 10, 25], Infinity)], [3, 10, 25]);
  const logs = [line(0, 1000) + line(1000, 45_000)];
  assertEquals(summary(logs, 0, 10).p50, 25);
  assertEquals(summary(logs, 0, 10).requests, 2);
});

Deno.test("the printed counts of h2load are read", () => {
  const text = "finished in 5.48s, 912.69 req/s, 55.51KB/s\n" +
    "requests: 5000 total, 5000 started, 4990 done, 4988 succeeded, 2 failed, 10 errored, 0 timeout";
  assertEquals(http2Summary(text), { requests: 4990, failed: 2 });
});
