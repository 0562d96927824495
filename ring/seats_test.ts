import { assert, assertEquals } from "@std/assert";
import { canonicalMembers, type Member } from "./members.ts";
import { Seats } from "./seats.ts";

function seated(seats: Seats, ...members: (string | Member)[]) {
  return seats.seat(canonicalMembers(members));
}

Deno.test("Members keep their seats while others come and go, and a new member takes a free seat", () => {
  const seats = new Seats();
  assertEquals(seated(seats, "a", "b", "c"), { left: [], taken: [0, 1, 2] });
  assertEquals(seated(seats, "a", "c"), { left: [1], taken: [] });
  assertEquals(seated(seats, "A", "a", "c", "d"), { left: [], taken: [1, 3] });
  assertEquals([...seats.indexes.slice(0, 4)], [1, 0, 2, 3]);
});

Deno.test("A member that changes its weight gets another seat, and a member of weight 0 has none", () => {
  const seats = new Seats();
  seated(seats, "a", "b");
  assertEquals(seated(seats, "a", { name: "b", weight: 2 }), { left: [1], taken: [1] });
  assertEquals([seats.taken, seats.isWeighted], [2, true]);
  assertEquals(seated(seats, "a", { name: "b", weight: 0 }), { left: [1], taken: [] });
  assertEquals([seats.taken, seats.isWeighted], [1, false]);
});

Deno.test("Of equal scores the first in canonical order is preferred, in any seat", () => {
  const seats = new Seats();
  seated(seats, "b");
  seated(seats, "a", "b");
  const [a, b] = [1, 0];
  assertEquals([...seats.indexes.slice(0, 2)], [1, 0]);
  assert(seats.isPreferred(5, a, 5, b) && !seats.isPreferred(5, b, 5, a));
  assert(seats.isPreferred(6, b, 5, a) && !seats.isPreferred(5, a, 6, b));
});
