import { assertEquals } from "@std/assert";
import type { Trace } from "./collector.ts";
import type { Outcome } from "./requests.ts";
import { duringHeal, type Heal, judge } from "./verdict.ts";

const HEALS: readonly Heal[] = [
  { name: "Server2", at: 1000, outAt: 1050, unroutedAt: 1080, fullAt: 1400 },
];
const UNSEEN = (): Trace => ({ seen: [], done: [] });

function outcome(changes: Partial<Outcome>): Outcome {
  return { kind: "get", key: "k", start: 990, end: 1010, fault: "502", status: 502, ...changes };
}

function seenBy(name: string): () => Trace {
  return () => ({ seen: [`${name} a1b2`], done: [] });
}

Deno.test("an answer without a fault is right", () => {
  const { fault: _, ...right } = outcome({ status: 200 });
  assertEquals(judge(right, HEALS, UNSEEN), "right");
});

Deno.test("a GET that failed is lost, whenever it was", () => {
  assertEquals(judge(outcome({}), HEALS, UNSEEN), "lost");
  assertEquals(judge(outcome({ start: 1, end: 2 }), HEALS, UNSEEN), "lost");
});

Deno.test("a POST in flight to the replica that failed may be answered 502, or cut off", () => {
  const post = outcome({ kind: "post" });
  assertEquals(judge(post, HEALS, seenBy("Server2")), "refused");
  assertEquals(judge({ ...post, kind: "upload" }, HEALS, UNSEEN), "refused");
  const { status: _, ...cut } = post;
  assertEquals(judge(cut, HEALS, seenBy("Server2")), "cut");
});

Deno.test("a POST that another replica saw, or that began when the failure was known, is lost", () => {
  const post = outcome({ kind: "post" });
  assertEquals(judge(post, HEALS, seenBy("Server1")), "lost");
  assertEquals(judge({ ...post, start: 1070, end: 1090 }, HEALS, UNSEEN), "refused");
  assertEquals(judge({ ...post, start: 1081, end: 1090 }, HEALS, UNSEEN), "lost");
  assertEquals(judge({ ...post, start: 900, end: 999 }, HEALS, UNSEEN), "lost");
});

Deno.test("a POST that is refused with another status is lost", () => {
  assertEquals(judge(outcome({ kind: "post", status: 503 }), HEALS, UNSEEN), "lost");
  assertEquals(judge(outcome({ kind: "post", status: 400 }), HEALS, UNSEEN), "lost");
});

Deno.test("a stream may break off with its replica, and with no other", () => {
  const stream = outcome({ kind: "stream", status: 200, server: "Server2" });
  assertEquals(judge(stream, HEALS, UNSEEN), "broken");
  assertEquals(judge({ ...stream, server: "Server1" }, HEALS, UNSEEN), "lost");
  assertEquals(judge({ ...stream, status: 502 }, HEALS, UNSEEN), "lost");
});

Deno.test("a heal lasts from the failure to the full ring", () => {
  assertEquals(duringHeal(outcome({ start: 900, end: 999 }), HEALS), false);
  assertEquals(duringHeal(outcome({ start: 900, end: 1000 }), HEALS), true);
  assertEquals(duringHeal(outcome({ start: 1400, end: 1500 }), HEALS), true);
  assertEquals(duringHeal(outcome({ start: 1401, end: 1500 }), HEALS), false);
});
