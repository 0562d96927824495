import { assert, assertEquals } from "@std/assert";
import { install } from "@sinonjs/fake-timers";
import { Deadlines } from "../transport/deadlines.ts";
import type { Choice } from "../routing/route_choice.ts";
import { type Waiter, WaitingRoom } from "./waiting_room.ts";

const GO: Choice = { to: "owner", name: "Server1" };

function stay(until: number): Choice {
  return { to: "wait", why: "hold", until };
}

/** A request with a preset choice. */
class Decided implements Waiter {
  readonly bytes = 1;
  constructor(public choice: Choice, readonly mayBeGone = false) {}
  choose(): Choice {
    return this.choice;
  }
}

function bench() {
  const clock = install();
  const deadlines = new Deadlines();
  return {
    clock,
    room: new WaitingRoom({ requests: 10, bytes: 10 }, deadlines, () => {}),
    [Symbol.dispose]: () => {
      deadlines.close();
      clock.uninstall();
    },
  };
}

Deno.test("a view releases the requests that it can place, first come first", async () => {
  using one = bench();
  const went: number[] = [];
  const waiters = Array.from({ length: 4 }, () => new Decided(stay(Infinity)));
  waiters.forEach((waiter, i) => {
    one.room.enter(waiter, Infinity)?.ended.then(() => went.push(i));
  });
  for (const i of [3, 1, 2]) waiters[i]!.choice = GO;
  one.room.review(0);
  await Promise.resolve();
  assertEquals([went, one.room.count], [[1, 2, 3], 1]);
});

Deno.test("at its deadline a request chooses again, and may keep waiting", async () => {
  using one = bench();
  const waiter = new Decided(stay(5000));
  const place = one.room.enter(waiter, 1000);
  assert(place);
  one.clock.tick(1500);
  assertEquals(one.room.count, 1);
  waiter.choice = { to: "nobody", why: "none" };
  one.clock.tick(3000);
  assertEquals(one.room.count, 1, "its deadline has moved");
  one.clock.tick(1000);
  assertEquals([await place.ended, one.room.count], [{ to: "nobody", why: "none" }, 0]);
});

Deno.test("a request that leaves is removed at once, and not released again", async () => {
  using one = bench();
  const waiter = new Decided(stay(Infinity));
  const place = one.room.enter(waiter, Infinity);
  assert(place);
  place.leave();
  place.leave();
  waiter.choice = GO;
  one.room.review(0);
  assertEquals([await place.ended, one.room.count], [{ to: "left" }, 0]);
});

Deno.test("when the room is full, requests of half-closed clients are evicted", async () => {
  using one = bench();
  const staying = () => new Decided(stay(Infinity));
  const leaving = () => new Decided(stay(Infinity), true);
  const places = Array.from({ length: 10 }, (_, i) => {
    return one.room.enter(i === 3 || i === 5 ? leaving() : staying(), Infinity);
  });
  assertEquals(one.room.enter(leaving(), Infinity), undefined);
  assert(one.room.enter(staying(), Infinity));
  assertEquals(await places[3]?.ended, { to: "full" });
  assert(one.room.enter(staying(), Infinity));
  assertEquals(await places[5]?.ended, { to: "full" });
  assertEquals([one.room.enter(staying(), Infinity), one.room.count], [undefined, 10]);
});

Deno.test("when file descriptors are short, a request of a half-closed client is evicted", async () => {
  using one = bench();
  assertEquals(one.room.giveUp(), false);
  const places = [false, true, false].map((mayBeGone) =>
    one.room.enter(new Decided(stay(Infinity), mayBeGone), Infinity)
  );
  assertEquals(one.room.giveUp(), true);
  assertEquals(await places[1]?.ended, { to: "files" });
  assertEquals([one.room.giveUp(), one.room.count], [false, 2]);
});
