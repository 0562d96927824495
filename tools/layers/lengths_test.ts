import { assertEquals } from "@std/assert";
import { lengthViolations, MOST_LINES } from "./lengths.ts";

const TOO_LONG = "\n".repeat(MOST_LINES + 1);

Deno.test("lengths: a file that is too long is named with its length and the bound", () => {
  assertEquals(lengthViolations([{ path: "balancer/a.ts", text: TOO_LONG }]), [
    "balancer/a.ts: must have at most 300 lines; got 301",
  ]);
});

Deno.test("lengths: a file of the greatest length is legal", () => {
  const text = "\n".repeat(MOST_LINES);
  assertEquals(lengthViolations([{ path: "balancer/a.ts", text }]), []);
});

Deno.test("lengths: tests, their helpers and built files may be longer", () => {
  const paths = ["balancer/a_test.ts", "balancer/fleet/harness.ts", "balancer/page/dist/a.ts"];
  assertEquals(lengthViolations(paths.map((path) => ({ path, text: TOO_LONG }))), []);
});
