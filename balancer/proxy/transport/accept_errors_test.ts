import { assertEquals } from "@std/assert";
import { install } from "@sinonjs/fake-timers";
import { AcceptErrors } from "./accept_errors.ts";

Deno.test("the first error is logged at once, later ones once a second with their count", () => {
  const clock = install();
  try {
    const lines: string[] = [];
    const errors = new AcceptErrors((line) => lines.push(line));
    for (let i = 0; i < 4000; i++) errors.failed(new Error("not connected"));
    assertEquals(lines, ["not connected"]);
    clock.tick(1000);
    assertEquals(lines, ["not connected", "not connected (3999 times)"]);
    clock.tick(5000);
    errors.failed("too many files");
    assertEquals(lines.slice(2), ["too many files"]);
    errors.failed("again");
    errors.close();
    clock.tick(5000);
    assertEquals(lines.slice(3), ["again"]);
  } finally {
    clock.uninstall();
  }
});
