import { assertEquals } from "@std/assert";
import { isLoopback, refuse } from "./guard.ts";

const OPEN = { token: "", open: true, loopback: false };
const LOOPBACK = { token: "", open: false, loopback: true };
const TOKEN = { token: "s3cret", open: false, loopback: false };
const CLOSED = { token: "", open: false, loopback: false };

function status(headers: Record<string, string>, policy = LOOPBACK): number | undefined {
  return refuse(new Headers(headers), policy)?.status;
}

Deno.test("anyone may change the fleet on loopback, or where the balancer is open", () => {
  assertEquals(status({}, LOOPBACK), undefined);
  assertEquals(status({}, OPEN), undefined);
});

Deno.test("elsewhere the token is wanted: 401 without it or with another, 403 where none is set", () => {
  assertEquals(status({}, TOKEN), 401);
  assertEquals(status({ authorization: "Basic czNjcmV0" }, TOKEN), 401);
  assertEquals(status({ authorization: "Bearer s3creT" }, TOKEN), 401);
  assertEquals(status({ authorization: "Bearer s3cret2" }, TOKEN), 401);
  assertEquals(status({ authorization: "Bearer s3cret" }, TOKEN), undefined);
  assertEquals(status({ authorization: "bearer  s3cret" }, TOKEN), undefined);
  assertEquals(status({}, CLOSED), 403);
});

Deno.test("a token that is set is wanted on loopback too", () => {
  assertEquals(status({}, { ...TOKEN, loopback: true }), 401);
});

Deno.test("a page of another site is refused however open the balancer is", () => {
  for (const policy of [OPEN, LOOPBACK, TOKEN]) {
    const authorization = "Bearer s3cret";
    assertEquals(status({ "sec-fetch-site": "cross-site", authorization }, policy), 403);
    assertEquals(status({ "sec-fetch-site": "same-site", authorization }, policy), 403);
    const foreign = { origin: "https://evil.example", host: "localhost:5000", authorization };
    assertEquals(status(foreign, policy), 403);
    assertEquals(status({ origin: "null", host: "localhost:5000", authorization }, policy), 403);
  }
});

Deno.test("the balancer's own page may, under names that only this machine has", () => {
  for (const host of ["localhost:5000", "127.0.0.1:5000", "[::1]:5000"]) {
    assertEquals(
      status({ origin: `http://${host}`, host, "sec-fetch-site": "same-origin" }),
      undefined,
    );
  }
});

Deno.test("a foreign name that was made to point here is refused", () => {
  assertEquals(status({ origin: "http://evil.example:5000", host: "evil.example:5000" }), 403);
});

Deno.test("loopback addresses are known", () => {
  for (const host of ["127.0.0.1", "127.9.9.9", "::1", "localhost"]) {
    assertEquals(isLoopback(host), true);
  }
  for (const host of ["0.0.0.0", "::", "10.0.0.1", "127.example.org"]) {
    assertEquals(isLoopback(host), false);
  }
});
