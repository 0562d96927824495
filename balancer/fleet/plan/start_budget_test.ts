import { assertEquals } from "@std/assert";
import { StartBudget } from "./start_budget.ts";

Deno.test("the budget counts the starts of the last minute", () => {
  const budget = new StartBudget(() => 2);
  assertEquals([budget.left(0), budget.nextAt(0)], [2, Infinity]);
  budget.spend(0);
  budget.spend(10_000);
  assertEquals([budget.left(10_000), budget.nextAt(10_000)], [0, 60_000]);
  assertEquals([budget.left(59_999), budget.left(60_000)], [0, 1]);
  assertEquals(budget.left(70_000), 2);
});
