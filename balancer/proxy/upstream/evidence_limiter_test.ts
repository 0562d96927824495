import { assertEquals } from "@std/assert";
import { EVIDENCE_PER_S, EvidenceLimiter } from "./evidence_limiter.ts";

Deno.test("evidence is limited for each second, and the rest is counted", () => {
  const limit = new EvidenceLimiter();
  const passed = (now: number) => {
    let count = 0;
    for (let i = 0; i < EVIDENCE_PER_S + 10; i++) if (limit.allow(now)) count++;
    return count;
  };
  assertEquals(passed(1000), EVIDENCE_PER_S);
  assertEquals(limit.takeDropped(1999), 0, "the second is not over");
  assertEquals(passed(2000), EVIDENCE_PER_S);
  assertEquals(limit.takeDropped(3000), 20);
  assertEquals(limit.takeDropped(4000), 0);
});
