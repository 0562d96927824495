import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { newHost } from "./record.ts";
import { type FaultKind, renewalAt, retryDelay, seedOf } from "./schedule.ts";
import { orderStep } from "./order_step.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const MINUTE_MS = 60 * 1000;

Deno.test("a certificate is renewed at two thirds of its lifetime, or a twentieth earlier", () => {
  const validity = { notBefore: 100 * DAY_MS, notAfter: 190 * DAY_MS };
  assertAlmostEquals(renewalAt(validity, 0), 160 * DAY_MS);
  assertAlmostEquals(renewalAt(validity, 1), 155.5 * DAY_MS);
});

Deno.test("the jitter of a certificate stays the same, and differs from that of others", () => {
  assertEquals(seedOf("00000000ff"), 0);
  assertEquals(seedOf("80000000ff"), 0.5);
  assert(seedOf("ffffffffff") < 1);
});

/** The delays after failures in succession, in seconds. */
function delays(kind: FaultKind, random: number, count: number, retryAfterMs = 0): number[] {
  return Array.from(
    { length: count },
    (_, at) => retryDelay({ kind, retryAfterMs }, at + 1, random) / 1000,
  );
}

Deno.test("the delay doubles up to a bound, and a quarter of it is random", () => {
  assertEquals(delays("unreachable", 1, 9), [5, 10, 20, 40, 80, 160, 320, 600, 600]);
  assertEquals(delays("refused", 1, 4), [60, 120, 240, 480]);
  assertEquals(delays("refused", 0, 4), [45, 90, 180, 360]);
  assertEquals(delays("refused", 1, 1000).at(-1), 6 * 60 * 60);
});

Deno.test("the authority's Retry-After counts where it is longer, up to eight days", () => {
  assertEquals(delays("refused", 1, 3, 100_000), [100, 120, 240]);
  assertEquals(delays("refused", 1, 1, 1000 * DAY_MS), [8 * 24 * 60 * 60]);
});

Deno.test("an order is due without a certificate, from another authority, and at the renewal", () => {
  const here = "https://here.test/";
  const record = newHost("a.test");
  const fresh = { record, certificate: undefined };
  assertEquals(orderStep(fresh, here, 0), "order");
  const failure = { directory: here, count: 1, retryAt: 5 * MINUTE_MS, message: "no" };
  const failed = { record: { ...record, failure }, certificate: undefined };
  assertEquals(orderStep(failed, here, 0), "wait");
  assertEquals(orderStep(failed, here, 5 * MINUTE_MS), "order");
  assertEquals(orderStep(failed, "https://other.test/", 0), "order", "another authority");
  // The clock was set back by years.
  assertEquals(orderStep(failed, here, -1000 * DAY_MS), "order");
  const certificate = {
    ...{
      name: "a.test",
      names: ["a.test"],
      cert: "",
      key: "",
      source: "acme",
      kind: "ec",
    } as const,
    ...{ fingerprint: "00000000", notBefore: 0, notAfter: 90 * DAY_MS },
  };
  const kept = { directory: here, chain: "", key: "" };
  const host = { record: { ...record, certificate: kept }, certificate };
  assertEquals(orderStep(host, here, 60 * DAY_MS - 1), "wait");
  assertEquals(orderStep(host, here, 60 * DAY_MS), "order");
  assertEquals(orderStep(host, "https://other.test/", 0), "order");
});
