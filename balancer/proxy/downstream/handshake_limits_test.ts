import { assertEquals } from "@std/assert";
import { HandshakeLimits } from "./handshake_limits.ts";

/** A handshake that notes when it loses its place. */
class Pending {
  idle = false;
  displaced = false;

  constructor(readonly address: string, readonly shared = false) {}

  displace(): void {
    this.displaced = true;
  }
}

Deno.test("a worker's handshakes are bounded, and those of one address to a quarter", () => {
  const limits = new HandshakeLimits(8);
  const first = new Pending("a");
  const enter = (address: string, shared = false) => limits.enter(new Pending(address, shared));
  assertEquals([limits.enter(first), enter("a")], [true, true]);
  assertEquals(enter("a"), false);
  assertEquals(enter("a", true), true, "an address that many clients share");
  for (let i = 0; i < 5; i++) assertEquals(enter(`b${i}`), true);
  assertEquals([enter("c"), enter("c", true)], [false, false]);
  limits.leave(first);
  limits.leave(first);
  assertEquals([enter("a"), enter("c")], [false, true]);
  assertEquals(limits.count, 8);
});

Deno.test("the oldest idle handshake of the address with most of them makes room", () => {
  const limits = new HandshakeLimits<Pending>(8);
  const silent = ["a", "b", "b", "c"].map((address) => new Pending(address));
  const others = Array.from({ length: 4 }, () => new Pending("proxy", true));
  for (const one of [...silent, ...others]) {
    assertEquals(limits.enter(one), true);
    one.idle = true;
  }
  silent[1]!.idle = false;
  assertEquals(limits.enter(new Pending("d")), true);
  assertEquals(silent.map(({ displaced }) => displaced), [false, false, true, false]);
  assertEquals(limits.enter(new Pending("e")), true);
  assertEquals(silent[0]!.displaced, true, "of several addresses the oldest");
  assertEquals(others.some(({ displaced }) => displaced), false, "many clients share the address");
  assertEquals(limits.count, 8);
});

Deno.test("an address at its bound makes room for itself alone", () => {
  const limits = new HandshakeLimits<Pending>(8);
  const [first, second, other] = [new Pending("a"), new Pending("a"), new Pending("b")];
  for (const one of [first, second, other]) limits.enter(one);
  first.idle = other.idle = true;
  assertEquals(limits.enter(new Pending("a")), true);
  assertEquals([first.displaced, second.displaced, other.displaced], [true, false, false]);
  assertEquals(limits.enter(new Pending("a")), false);
});

Deno.test("a few handshakes are computed in one turn of the event loop, the others in order", async () => {
  const limits = new HandshakeLimits(100);
  const begun: number[] = [];
  const waits = Array.from({ length: 10 }, async (_, i) => {
    await limits.turn();
    begun.push(i);
  });
  await Promise.resolve();
  assertEquals(begun, [0, 1, 2, 3]);
  await Promise.all(waits);
  assertEquals(begun, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  await limits.turn();
});
