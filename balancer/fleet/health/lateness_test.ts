import { assert, assertEquals } from "@std/assert";
import { install } from "@sinonjs/fake-timers";
import { Lateness } from "./lateness.ts";

Deno.test("a thread that runs its timers in time is not late", () => {
  const clock = install();
  try {
    const lateness = new Lateness();
    clock.tick(1050);
    lateness.end();
    assertEquals(lateness.ms, 0);
  } finally {
    clock.uninstall();
  }
});

Deno.test("a thread that does other work is late for as long as its timers wait", () => {
  const lateness = new Lateness();
  for (const end = performance.now() + 300; performance.now() < end;);
  lateness.end();
  assert(lateness.ms >= 200);
});

Deno.test("each measurement counts from its own beginning", () => {
  const clock = install();
  try {
    const first = new Lateness();
    clock.tick(50);
    const second = new Lateness();
    clock.tick(1000);
    second.end();
    first.end();
    assertEquals([first.ms, second.ms], [0, 0]);
  } finally {
    clock.uninstall();
  }
  const early = new Lateness();
  for (const end = performance.now() + 300; performance.now() < end;);
  const late = new Lateness();
  late.end();
  early.end();
  assert(early.ms >= 200, `${early.ms}`);
  // How long this thread waits for a core does not matter.
  assert(late.ms <= early.ms - 200, `${late.ms} of ${early.ms}`);
});
