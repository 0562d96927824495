import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Trace } from "./collector.ts";
import type { Outcome } from "./requests.ts";
import type { Struck } from "./strikes.ts";
import { type Observed, spread, summarize } from "./summary.ts";

const STRUCK: Struck = {
  ...{ name: "Server1", instance: "a", at: 1000, outAt: 1020, fullAt: 1300 },
  ...{ digestBefore: "d1", digestAfter: "d1" },
};

function get(key: string, start: number, end: number, server: string): Outcome {
  return { kind: "get", key, start, end, status: 200, server };
}

function observed(changes: Partial<Observed>): Observed {
  const homes = new Map([["k1", "Server1"], ["k2", "Server2"]]);
  return {
    ...{ outcomes: [], struck: [STRUCK], lags: [], homes, homesAfter: homes },
    traceOf: () => ({ seen: [], done: [] }),
    ...changes,
  };
}

Deno.test("latencies are separated by whether a heal was going on", () => {
  const outcomes = [
    get("k1", 500, 502, "Server1"),
    get("k1", 990, 1310, "Server1"),
    get("k2", 1310, 1313, "Server2"),
  ];
  const { values } = summarize(observed({ outcomes }));
  assertEquals([values["quietGetP50"], values["quietGetMax"]], [2, 3]);
  assertEquals([values["healGetP50"], values["healGetMax"]], [320, 320]);
});

Deno.test("an answer of another replica is counted during a heal, and afterwards", () => {
  const outcomes = [get("k1", 1050, 1052, "Server2"), get("k1", 1500, 1502, "Server2")];
  const homesAfter = new Map([["k1", "Server2"], ["k2", "Server2"]]);
  const { values } = summarize(observed({ outcomes, homesAfter }));
  assertEquals([values["elsewhere"], values["strayed"], values["moved"]], [1, 1, 1]);
});

Deno.test("a POST that two replicas saw, or one executed twice, is counted for any client's answer", () => {
  const traces: Record<string, Trace> = {
    once: { seen: ["Server1 a"], done: ["Server1 a"] },
    twice: { seen: ["Server1 a", "Server2 b"], done: ["Server1 a", "Server2 b"] },
    sent: { seen: ["Server1 a", "Server2 b"], done: ["Server2 b"] },
    never: { seen: [], done: [] },
  };
  const outcomes = Object.keys(traces).map((key): Outcome => ({
    ...get(key, 1, 2, "Server1"),
    kind: "post",
  }));
  const traceOf = (id: string) => traces[id] ?? { seen: [], done: [] };
  const { values } = summarize(observed({ outcomes, traceOf }));
  assertEquals([values["executedTwice"], values["sentTwice"], values["neverExecuted"]], [1, 2, 1]);
});

Deno.test("the times of a heal are counted from the failure on", () => {
  const at = new Date(1010).toISOString();
  const record = { instance: "a", at, signal: "", spare: false, requests: {} };
  const incident = { ...record, timings: { create: 5 } };
  const { values } = summarize(observed({ struck: [{ ...STRUCK, incident }] }));
  assertEquals([values["outP50"], values["createP50"], values["fullP50"]], [20, 15, 300]);
  assertEquals([values["struck"], values["unhealed"], values["digests"]], [1, 0, 0]);
});

Deno.test("a loss is reported with its reason and its time", () => {
  const lost: Outcome = { kind: "get", key: "k9", start: 1100, end: 1150, fault: "503 no" };
  const { values, losses } = summarize(observed({ outcomes: [lost] }));
  assertEquals(values["lost"], 1);
  assertStringIncludes(losses[0] ?? "", "get k9: 503 no; begun 100 ms and over 150 ms after");
});

Deno.test("a spread of nothing is not a number", () => {
  assertEquals(spread("x", []), { xP50: NaN, xP99: NaN, xMax: NaN });
  assertEquals(spread("x", [3, 1, 2]), { xP50: 2, xP99: 3, xMax: 3 });
});
