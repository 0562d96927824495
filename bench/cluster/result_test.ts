import { assertMatch } from "@std/assert";
import { NO_FAULTS } from "./faults.ts";
import { type Figures, pageOf } from "./result.ts";

const NOTHING: Figures = {
  strikes: { own: {}, spares: {}, peer: {} },
  costs: {},
  keys: {},
  faults: NO_FAULTS,
};

Deno.test("a run without figures yet has a table, too", () => {
  const page = pageOf(NOTHING, ["a part: a reason"]);
  assertMatch(page, /full ring everywhere, ms +\| +– \| +800 \| +– \| +100 \| +– \|/);
  assertMatch(page, /two healers at once +\| +0 \| +0 \|/);
  assertMatch(page, /\n\nNot measured: a part: a reason\n$/);
});

Deno.test("times are shown as smallest, median and largest, with their number", () => {
  const strikes = [1, 2, 30].map((ms) => ({ outMs: ms, fullMs: 10 * ms }));
  const kill = { strikes, served: 98, lost: 2, reasons: ["503"] };
  const table = pageOf({ ...NOTHING, strikes: { own: { kill }, spares: {}, peer: {} } }, []);
  assertMatch(table, /out of all views, ms +\| +1 \/ 2 \/ 30 \(3\) \| +60 \|/);
  assertMatch(table, /full ring everywhere, ms +\| +10 \/ 20 \/ 300 \(3\) \| +800 \|/);
  assertMatch(table, /requests lost, of all +\| +2 of 100 \| +0 \| +– \|/);
});
