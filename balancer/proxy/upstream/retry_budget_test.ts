import { assertEquals } from "@std/assert";
import { RetryBudget } from "./retry_budget.ts";

/** Number of retries that are allowed at a moment. */
function retries(budget: RetryBudget, nowMs: number): number {
  let count = 0;
  while (budget.retry(nowMs)) count++;
  return count;
}

function requests(budget: RetryBudget, count: number, nowMs: number): void {
  for (let i = 0; i < count; i++) budget.request(nowMs);
}

Deno.test("a few retries are allowed without any requests", () => {
  assertEquals(retries(new RetryBudget(1), 0), 30);
  assertEquals(retries(new RetryBudget(2), 5000), 15);
  assertEquals(retries(new RetryBudget(1), 1e12), 30);
});

Deno.test("above those, a fifth of the requests", () => {
  const budget = new RetryBudget(1);
  requests(budget, 1000, 500);
  assertEquals(retries(budget, 900), 230);
  requests(budget, 10, 950);
  assertEquals(retries(budget, 990), 2);
});

Deno.test("requests and retries are forgotten after ten seconds", () => {
  const budget = new RetryBudget(1);
  requests(budget, 1000, 0);
  assertEquals(retries(budget, 0), 230);
  assertEquals(retries(budget, 9999), 0);
  assertEquals(retries(budget, 10_000), 30);
  assertEquals(retries(budget, 19_999), 0);
  assertEquals(retries(budget, 3_600_000), 30);
});

Deno.test("no more than the share is ever spent in any ten seconds", () => {
  const budget = new RetryBudget(1);
  const spent: number[] = [];
  for (let second = 0; second < 60; second++) {
    requests(budget, 100, second * 1000);
    spent.push(retries(budget, second * 1000 + 500));
  }
  for (let from = 0; from + 10 <= 60; from++) {
    const total = spent.slice(from, from + 10).reduce((sum, count) => sum + count, 0);
    assertEquals(total <= 230, true, `${total} from ${from}`);
  }
});
