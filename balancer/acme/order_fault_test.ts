import { assertEquals } from "@std/assert";
import { faultOf, OrderError, problemText, refusalOf, retryAfterOf } from "./order_fault.ts";

const NOW = Date.parse("2026-12-01T00:00:00Z");

Deno.test("Retry-After is a number of seconds or a date", () => {
  assertEquals(retryAfterOf("120", NOW), 120_000);
  assertEquals(retryAfterOf("Tue, 01 Dec 2026 00:01:00 GMT", NOW), 60_000);
  assertEquals(retryAfterOf("Mon, 30 Nov 2026 00:00:00 GMT", NOW), 0);
  for (const value of [undefined, "", "-5", "soon"]) assertEquals(retryAfterOf(value, NOW), 0);
});

Deno.test("a rate limit is refused with the authority's text and time", () => {
  const data = { type: "urn:ietf:params:acme:error:rateLimited", detail: "too many\r\norders" };
  const error = refusalOf({ status: 429, headers: { "retry-after": "3600" }, data }, NOW);
  assertEquals(faultOf(error), {
    kind: "refused",
    message: "the authority answered 429: too many orders (rateLimited)",
    retryAfterMs: 3_600_000,
    resumable: true,
  });
});

Deno.test("errors of the authority itself, and bad nonces, are tried again soon", () => {
  const kinds = [
    [500, { type: "urn:ietf:params:acme:error:serverInternal" }],
    [503, "<html>busy</html>"],
    [400, { type: "urn:ietf:params:acme:error:badNonce", detail: "once more" }],
    [400, { type: "urn:ietf:params:acme:error:malformed" }],
    [403, { type: "urn:ietf:params:acme:error:unauthorized" }],
  ].map(([status, data]) => refusalOf({ status: Number(status), headers: {}, data }, NOW).kind);
  assertEquals(kinds, ["unreachable", "unreachable", "unreachable", "refused", "refused"]);
});

Deno.test("a problem's text is bounded, and any other error may be continued", () => {
  assertEquals(problemText(undefined), "no detail");
  assertEquals(new OrderError("x".repeat(1000)).message.length, 500);
  assertEquals(faultOf(new Error("disk full")), {
    ...{ kind: "unreachable", message: "disk full", retryAfterMs: 0, resumable: true },
  });
});
