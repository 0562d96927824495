import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { FailureLimit } from "./rate_limit.ts";

const A = "192.0.2.1";
const B = "192.0.2.2";

function failing(limit: FailureLimit, address: string, times: number, now = 0): void {
  for (let n = 0; n < times; n++) limit.failed(address, now);
}

Deno.test("a burst of failures is allowed, then the next try has to wait", () => {
  const limit = new FailureLimit();
  failing(limit, A, 9);
  assertEquals(limit.waitMs(A, 0), 0);
  failing(limit, A, 1);
  assertEquals(limit.waitMs(A, 0), 10_000);
});

Deno.test("after one interval an address gets one try, and after two all of them", () => {
  const limit = new FailureLimit();
  failing(limit, A, 10);
  assertEquals([limit.waitMs(A, 9_999), limit.waitMs(A, 10_000)], [1, 0]);
  limit.failed(A, 10_000);
  assertEquals(limit.waitMs(A, 10_000), 10_000);
  failing(limit, A, 9, 110_000);
  assertEquals(limit.waitMs(A, 110_000), 0);
});

Deno.test("another address does not wait", () => {
  const limit = new FailureLimit();
  failing(limit, A, 50);
  assertEquals(limit.waitMs(B, 0), 0);
});

Deno.test("the addresses of one IPv6 network count as one, and so do two forms of one address", () => {
  const limit = new FailureLimit();
  for (let n = 1; n <= 10; n++) limit.failed(`2001:db8::${n}`, 0);
  assertEquals(limit.waitMs("2001:db8::ffff", 0), 10_000);
  assertEquals(limit.waitMs("2001:db8:0:1::1", 0), 0);
  failing(limit, "::ffff:192.0.2.1", 10);
  assertEquals(limit.waitMs(A, 0), 10_000);
});

Deno.test("callers without an IP address count as one", () => {
  const limit = new FailureLimit();
  failing(limit, "unix", 10);
  assertEquals([limit.waitMs("unix", 0), limit.waitMs(A, 0)], [10_000, 0]);
});

Deno.test("when many addresses fail together, each gets one try and addresses without failures are not limited", () => {
  const limit = new FailureLimit();
  for (let n = 0; n < 100; n++) limit.failed(`198.51.100.${n}`, 0);
  assertEquals(limit.waitMs("198.51.100.7", 0), 1000);
  assertEquals(limit.waitMs("198.51.100.7", 1000), 0);
  assertEquals(limit.waitMs(B, 0), 0);
});

Deno.test("the number of remembered addresses is bounded; the last to fail are kept", () => {
  const limit = new FailureLimit();
  failing(limit, "first", 10);
  failing(limit, "second", 10);
  limit.failed("first", 0);
  for (let n = 0; n < 4095; n++) limit.failed(`10.0.${n >> 8}.${n & 255}`, 1000 * n);
  assertEquals(limit.size, 4096);
  assertEquals(limit.waitMs("second", 0), 0);
  assert(limit.waitMs("first", 0) > 0);
});

Deno.test("in any order of events a guesser gets at most ten tries and one in each ten seconds", () => {
  const steps = fc.array(fc.integer({ min: 0, max: 15_000 }), { maxLength: 200 });
  fc.assert(fc.property(steps, (pauses) => {
    const limit = new FailureLimit();
    let [now, tries] = [0, 0];
    for (const pause of pauses) {
      now += pause;
      const wait = limit.waitMs(A, now);
      assert(wait <= 10_000);
      assertEquals(limit.waitMs(B, now), 0);
      if (wait > 0) continue;
      limit.failed(A, now);
      tries++;
      assert(tries <= 10 + now / 10_000, `${tries} tries in ${now} ms`);
    }
  }));
});
