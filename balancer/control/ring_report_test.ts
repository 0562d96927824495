import { assertEquals } from "@std/assert";
import { reportChange } from "./ring_report.ts";

Deno.test("what moves is told by its largest flows, and how many are left out", () => {
  const flows = Array.from({ length: 130 }, (_, i) => ({
    from: `S${i}`,
    to: "Big",
    share: (130 - i) / 10_000,
  }));
  const report = reportChange({ version: 2, digest: "d", moved: { share: 0.5, flows } });
  assertEquals(report, {
    version: 2,
    digest: "d",
    moved: { share: 0.5, flows: flows.slice(0, 100), flowsLeftOut: 30 },
  });
});

Deno.test("where the ring was empty nobody gives, and JSON says so", () => {
  const flows = [{ from: undefined, to: "a", share: 1 }];
  const report = reportChange({ version: 1, digest: "d", moved: { share: 1, flows } });
  assertEquals(JSON.parse(JSON.stringify(report)).moved, {
    share: 1,
    flows: [{ from: null, to: "a", share: 1 }],
    flowsLeftOut: 0,
  });
});
