import { assertEquals } from "@std/assert";
import { isEvidence, shouldRetry } from "./upstream_error.ts";

Deno.test("a retry depends on the kind of failure, the bytes sent, the method and the body", () => {
  const table = [
    ["refused", "no", "POST", true, true],
    ["refused", "no", "POST", false, false],
    ["reset", "maybe", "GET", true, true],
    ["reset", "maybe", "PUT", true, true],
    ["reset", "maybe", "PUT", false, false],
    ["reset", "maybe", "POST", true, false],
    ["reset", "maybe", "PATCH", true, false],
    ["timeout", "maybe", "GET", true, false],
    ["timeout", "no", "POST", true, true],
    ["timeout", "no", "GET", false, false],
    ["malformed", "maybe", "GET", true, false],
  ] as const;
  for (const [kind, sent, method, bodyIntact, expected] of table) {
    const label = `${kind} ${sent} ${method} ${bodyIntact}`;
    assertEquals(shouldRetry({ kind, sent }, { method, bodyIntact }), expected, label);
  }
});

Deno.test("a reset of a reused connection is no evidence against the replica", () => {
  assertEquals(isEvidence({ kind: "reset", reused: true }), false);
  assertEquals(isEvidence({ kind: "reset", reused: false }), true);
  assertEquals(isEvidence({ kind: "refused", reused: false }), true);
  assertEquals(isEvidence({ kind: "timeout", reused: true }), true);
});
