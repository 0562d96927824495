import { assertEquals } from "@std/assert";
import { TestClock } from "../testing.ts";
import { SlotTimer } from "./slot_timer.ts";

/** A clock that counts its timers. */
class CountingClock extends TestClock {
  started = 0;
  running = 0;

  override after(ms: number, callback: () => void): () => void {
    this.started++;
    this.running++;
    const cancel = super.after(ms, () => {
      this.running--;
      callback();
    });
    return () => {
      this.running--;
      cancel();
    };
  }
}

Deno.test("callbacks of one slot have one timer, and none of them is late", async () => {
  const clock = new CountingClock();
  const slots = new SlotTimer(clock);
  const calls: [number, number][] = [];
  for (let at = 0; at < 1000; at++) {
    slots.after(at, 50, () => calls.push([at, clock.now()]));
  }
  assertEquals(clock.started, 20);
  await clock.turn(1000);
  assertEquals(calls.length, 1000);
  for (const [due, called] of calls) assertEquals(called, due - due % 50);
});

Deno.test("a slot without callbacks has no timer any more", async () => {
  const clock = new CountingClock();
  const slots = new SlotTimer(clock);
  const called: string[] = [];
  const cancelFirst = slots.after(120, 50, () => called.push("first"));
  const cancelSecond = slots.after(130, 50, () => called.push("second"));
  cancelFirst();
  assertEquals(clock.running, 1);
  cancelSecond();
  assertEquals(clock.running, 0);
  slots.after(140, 50, () => called.push("third"));
  await clock.turn(200);
  cancelSecond();
  assertEquals([called, clock.running], [["third"], 0]);
});
