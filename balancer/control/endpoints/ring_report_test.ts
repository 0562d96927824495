import { assertEquals } from "@std/assert";
import { answerChange } from "./ring_report.ts";

Deno.test("a flow out of an empty ring has no source, which JSON writes as null", () => {
  const flows = [{ from: undefined, to: "a", share: 1 }];
  const { message } = answerChange({
    version: 1,
    digest: "d",
    moved: { share: 1, flows, flowsLeftOut: 7 },
    movedIds: 1,
    behind: [],
  });
  assertEquals(JSON.parse(JSON.stringify(message)).moved, {
    share: 1,
    ids: 1,
    flows: [{ from: null, to: "a", share: 1 }],
    flowsLeftOut: 7,
  });
});
