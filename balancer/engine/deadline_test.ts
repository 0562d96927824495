import { assertEquals, assertRejects } from "@std/assert";
import { DeadlineError, pause, withDeadline } from "./deadline.ts";

Deno.test("deadline: work that ends in time gives its result", async () => {
  assertEquals(await withDeadline(10_000, () => Promise.resolve(3)), 3);
});

Deno.test("deadline: work that fails in time fails with its own error", async () => {
  await assertRejects(
    () => withDeadline(10_000, () => Promise.reject(new TypeError("x"))),
    TypeError,
  );
});

Deno.test("deadline: work that takes longer is signalled and abandoned", async () => {
  let told = false;
  const endless = (signal: AbortSignal) => {
    signal.addEventListener("abort", () => told = true);
    return new Promise(() => {});
  };
  await assertRejects(() => withDeadline(1, endless), DeadlineError, "no answer within 1 ms");
  assertEquals(told, true);
});

Deno.test("deadline: a pause ends early when its signal fires, before or during it", async () => {
  const controller = new AbortController();
  const paused = pause(60_000, controller.signal);
  controller.abort();
  await paused;
  await pause(60_000, controller.signal);
});
