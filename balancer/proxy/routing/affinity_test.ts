import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { RequestHead } from "../http1/request_head.ts";
import { affinityLines } from "../request/affinity.ts";
import type { Client } from "../request/client.ts";
import type { ProxyRequest } from "../request/request.ts";
import { Affinity } from "./affinity.ts";
import { isAffinityValue } from "./affinity_value.ts";
import { RandomKeys } from "./random_keys.ts";

const FRESH = "f".repeat(24);
const A = "a".repeat(24);
const B = "b".repeat(24);

/** How a request is routed, and what its response sets. */
function taken(
  fields: readonly string[],
  { ttlS = 0, secure = false, trusted = false } = {},
): { readonly key: string; readonly carried: boolean | undefined; readonly sets: string } {
  const lines = ["GET / HTTP/1.1", "Host: a", ...fields, "", ""];
  const bytes = Uint8Array.from(lines.join("\r\n"), (letter) => letter.charCodeAt(0));
  const head = new RequestHead();
  assertEquals(head.parse(bytes, 0, bytes.length, 100), undefined);
  const affinity = new Affinity({ cookie: "lb", ttlS }, { next: () => FRESH });
  const request = {} as ProxyRequest;
  const key = affinity.key(
    { transport: { bytes }, secure, trusted } as unknown as Client,
    head,
    request,
  );
  const { affinity: result } = request;
  return { key, carried: result?.carried, sets: affinityLines(result).join(" | ") };
}

const set = (value: string) =>
  `Set-Cookie: lb=${value}; Path=/; HttpOnly; SameSite=Lax | Cache-Control: private`;

Deno.test("a request without the cookie gets a fresh value", () => {
  assertEquals(taken([]), { key: FRESH, carried: false, sets: set(FRESH) });
  assertEquals(taken([`Cookie: LB=${A}; x=${A}`]), {
    key: FRESH,
    carried: false,
    sets: set(FRESH),
  });
});

Deno.test("a valid cookie is the key, and its response sets none", () => {
  assertEquals(taken([`Cookie: x=1; lb=${A}`]), { key: A, carried: true, sets: "" });
  assertEquals(taken([`Cookie: lb=${A}`, `Cookie: lb=${A}`]), { key: A, carried: true, sets: "" });
});

Deno.test("a malformed, an over-long and an empty value are replaced", () => {
  for (const value of ["", "x", `${A}a`, A.slice(1), `${A.slice(1)}+`, `"${A.slice(2)}"`, "1"]) {
    const expected = { key: FRESH, carried: true, sets: set(FRESH) };
    assertEquals(taken([`Cookie: lb=${value}`]), expected, value);
  }
  assertEquals(taken([`Cookie: lb=${"x".repeat(4000)}`]).key, FRESH);
});

Deno.test("of several values the first valid one is kept and set again", () => {
  const expected = { key: A, carried: true, sets: set(A) };
  assertEquals(taken([`Cookie: lb=${A}; lb=${B}`]), expected);
  assertEquals(taken([`Cookie: lb=${A}`, `Cookie: lb=${B}`]), expected);
  assertEquals(taken([`Cookie: lb=x; lb=${A}; lb=${B}`]), expected);
  assertEquals(taken(["Cookie: lb=x; lb=y"]).key, FRESH);
});

Deno.test("Max-Age is the lifetime, and Secure is set for encrypted connections", () => {
  assertMatch(taken([], { ttlS: 60 }).sets, /; Path=\/; Max-Age=60; HttpOnly; SameSite=Lax \|/);
  const secure = /; SameSite=Lax; Secure \|/;
  assertMatch(taken([], { secure: true }).sets, secure);
  assertMatch(taken(["X-Forwarded-Proto: HTTPS , http"], { trusted: true }).sets, secure);
  assertEquals(taken(["X-Forwarded-Proto: http, https"], { trusted: true }).sets, set(FRESH));
  assertEquals(taken(["X-Forwarded-Proto: https"]).sets, set(FRESH));
});

Deno.test("random keys are valid and differ, over more than one filling of the pool", () => {
  const keys = new RandomKeys();
  const seen = new Set(Array.from({ length: 1000 }, () => keys.next()));
  assertEquals(seen.size, 1000);
  assertEquals([...seen].filter((key) => !isAffinityValue(key)), []);
  assertNotEquals(new RandomKeys().next(), new RandomKeys().next());
});
