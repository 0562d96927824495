import { assert, assertEquals } from "@std/assert";
import { CPU, FAILED, medianOf, P99, RATE } from "./metrics.ts";
import { bestPeer, type Row, textOf } from "./result.ts";

function row(name: string, kind: Row["kind"], cpuUs: number, rate: number): Row {
  const sample = { cpuUs, rate, failed: 0 };
  return { name, kind, samples: [sample], median: sample };
}

const ROWS: readonly Row[] = [
  row("ringkeeper", "own", 15, 60_000),
  row("nginx", "peer", 20, 50_000),
  row("caddy", "peer", 100, 10_000),
  { name: "haproxy", kind: "peer", samples: [], median: {}, fault: "not installed" },
  row("relay", "floor", 10, 90_000),
];

Deno.test("values are compared with the best peer, which is never the balancer or the floor", () => {
  assertEquals(bestPeer(ROWS, CPU), 20);
  assertEquals(bestPeer(ROWS, RATE), 50_000);
  assertEquals(bestPeer(ROWS, FAILED), undefined);
  assertEquals(bestPeer(ROWS.slice(0, 1), CPU), undefined);
});

Deno.test("a table has a row for each proxy that was measured; the others follow with the reason", () => {
  const metrics = [CPU, RATE, FAILED];
  const table = { scenario: "small", title: "few bytes", metrics, rows: ROWS };
  assertEquals(textOf(table).split("\n"), [
    "small: few bytes",
    "|                   |    CPU µs/req |         req/s | failed |",
    "| ----------------- | ------------: | ------------: | -----: |",
    "| ringkeeper        |  15.0 (0.75x) | 60000 (1.20x) |      0 |",
    "| nginx             |  20.0 (1.00x) | 50000 (1.00x) |      0 |",
    "| caddy             | 100.0 (5.00x) | 10000 (0.20x) |      0 |",
    "| bare relay (Deno) |  10.0 (0.50x) | 90000 (1.80x) |      0 |",
    "haproxy: not installed",
  ]);
});

Deno.test("where rounds scatter, the least and the greatest value stand beside the median", () => {
  const samples = [{ p99Ms: 2.5 }, { p99Ms: 1.25 }, { p99Ms: 4 }];
  const rows: Row[] = [{ name: "nginx", kind: "peer", samples, median: medianOf(samples) }];
  const metrics = [{ ...P99, spread: true }];
  const text = textOf({ scenario: "tail", title: "", metrics, rows });
  assert(text.includes("| 2.50 (1.00x) [1.25 to 4.00] |"), text);
});

Deno.test("each value's median over several samples is taken by itself", () => {
  assertEquals(medianOf([{ a: 1, b: 5 }, { a: 3, b: 5 }]), { a: 2, b: 5 });
  assertEquals(medianOf([]), {});
});
