import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { parseWrk } from "./wrk.ts";

// wrk writes a space where the unit has one letter only.
const REPORT = `Running 2s test @ http://127.0.0.1:18999/
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.08ms    1.03ms  15.02ms   94.46%
    Req/Sec    54.76k     9.85k   71.34k    65.00%
  Latency Distribution
     50%  902.00us
     75%    1.13ms
     90%    1.46ms
     99%    1.02s 
  110335 requests in 2.08s, 21.47MB read
`;

Deno.test("a report of wrk is read in any of its units", () => {
  const result = parseWrk(REPORT);
  assertEquals(result.requests, 110_335);
  assertAlmostEquals(result.seconds, 2.08);
  assertAlmostEquals(result.p50, 0.902);
  assertAlmostEquals(result.p99, 1020);
  assertEquals(result.failed, 0);
});

Deno.test("errors and refusals in a report of wrk are failures", () => {
  const errors = "  Socket errors: connect 1, read 2, write 3, timeout 4\n";
  const refused = "  Non-2xx or 3xx responses: 5\n";
  assertEquals(parseWrk(REPORT + errors + refused).failed, 15);
});

Deno.test("text that is no report of wrk is an error", () => {
  assertThrows(() => parseWrk("unable to connect"), Error, "not understood");
});
