import { assert, assertEquals } from "@std/assert";
import { install } from "@sinonjs/fake-timers";
import { Deadlines, TICK_MS } from "./deadlines.ts";

/** Waits until its deadline is reported. */
class Waiting {
  told = 0;
  constructor(public deadlineAt: number) {}
  onDeadline(): void {
    this.told++;
  }
}

/** Runs a test on a fake clock. */
function withClock(test: (deadlines: Deadlines, pass: (ms: number) => void) => void): void {
  const clock = install();
  const deadlines = new Deadlines();
  try {
    test(deadlines, (ms) => clock.tick(ms));
  } finally {
    deadlines.close();
    clock.uninstall();
  }
}

Deno.test("a deadline is never early, and at most two ticks late", () => {
  withClock((deadlines, pass) => {
    pass(TICK_MS / 2);
    const waiting = new Waiting(deadlines.in(250));
    deadlines.add(waiting);
    pass(249);
    assertEquals(waiting.told, 0);
    pass(2 * TICK_MS + 1);
    assert(waiting.told > 0);
  });
});

Deno.test("a moved, infinite or removed deadline is not reported", () => {
  withClock((deadlines, pass) => {
    const [moved, never, gone] = [new Waiting(200), new Waiting(Infinity), new Waiting(200)];
    for (const one of [moved, never, gone]) deadlines.add(one);
    moved.deadlineAt = 10_000;
    deadlines.delete(gone);
    pass(5000);
    assertEquals([moved.told, never.told, gone.told], [0, 0, 0]);
    pass(6000);
    assert(moved.told > 0);
  });
});

Deno.test("removing another object during a tick does not stop the rest", () => {
  withClock((deadlines, pass) => {
    const other = new Waiting(100);
    const ending = new Waiting(100);
    ending.onDeadline = () => {
      deadlines.delete(ending);
      deadlines.delete(other);
    };
    const last = new Waiting(100);
    for (const one of [ending, other, last]) deadlines.add(one);
    pass(150);
    assertEquals([other.told, last.told], [0, 1]);
  });
});

Deno.test("the clock advances with each tick", () => {
  withClock((deadlines, pass) => {
    const start = deadlines.now;
    pass(10 * TICK_MS);
    assertEquals(deadlines.now - start, 10 * TICK_MS);
  });
});
