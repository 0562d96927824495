import { assertEquals } from "@std/assert";
import { answerChange } from "./ring_report.ts";

Deno.test("the answer lists the largest flows and counts the rest", () => {
  const flows = Array.from({ length: 130 }, (_, i) => ({
    from: `S${i}`,
    to: "Big",
    share: (130 - i) / 10_000,
  }));
  const { message } = answerChange({
    version: 2,
    digest: "d",
    moved: { share: 0.5, flows },
    movedIds: 0.4,
    behind: [],
  });
  assertEquals(message, {
    version: 2,
    digest: "d",
    moved: { share: 0.5, ids: 0.4, flows: flows.slice(0, 100), flowsLeftOut: 30 },
  });
});

Deno.test("a flow out of an empty ring has no source, which JSON writes as null", () => {
  const flows = [{ from: undefined, to: "a", share: 1 }];
  const { message } = answerChange({
    version: 1,
    digest: "d",
    moved: { share: 1, flows },
    movedIds: 1,
    behind: [],
  });
  assertEquals(JSON.parse(JSON.stringify(message)).moved, {
    share: 1,
    ids: 1,
    flows: [{ from: null, to: "a", share: 1 }],
    flowsLeftOut: 0,
  });
});
