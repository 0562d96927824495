import { assertAlmostEquals, assertEquals } from "@std/assert";
import type { Contestant, Router } from "./contestant.ts";
import { distinctKeys } from "./keys.ts";
import { OWN } from "./own.ts";
import { propertiesOf } from "./properties.ts";

const KEYS = distinctKeys(20_000, 16);

/** Places keys by a function of their number and of how many members there are. */
class Placing implements Router {
  constructor(readonly names: string[], readonly place: (key: string, count: number) => number) {}

  ownerOfKey(key: string): string | undefined {
    return this.names[this.place(key, this.names.length)];
  }

  lookUpKeys = () => 0;
  lookUpIds = () => 0;

  add(name: string): Router {
    return new Placing([...this.names, name], this.place);
  }

  remove(name: string): Router {
    return new Placing(this.names.filter((one) => one !== name), this.place);
  }
}

function placing(place: () => (key: string, count: number) => number): Contestant {
  const build = (members: readonly string[]) => new Placing([...members], place());
  return { name: "placing", kind: "peer", weights: false, build };
}

function modulo(key: string, count: number): number {
  return parseInt(key.slice(0, 8), 36) % count;
}

Deno.test("a modulus is no consistent hash: it moves nearly everything", () => {
  const { consistent, agreement, join } = propertiesOf(placing(() => modulo), KEYS);
  assertEquals({ consistent, agreement }, { consistent: false, agreement: "same order" });
  assertAlmostEquals(join.moved, 10 / 11, 0.02);
  assertAlmostEquals(join.needed, 1 / 11, 0.01);
});

Deno.test("routers that draw their places by chance do not agree", () => {
  let instances = 0;
  const drawn = () => {
    const instance = instances++;
    return (key: string, count: number) => (modulo(key, count) + instance) % count;
  };
  assertEquals(propertiesOf(placing(drawn), KEYS).agreement, "no");
});

Deno.test("our layouts are consistent, and rendezvous moves only the necessary keys", () => {
  for (const contestant of OWN) {
    const { consistent, agreement, weights } = propertiesOf(contestant, KEYS);
    const expected = { consistent: true, agreement: "any order", weights: true };
    assertEquals({ consistent, agreement, weights }, expected, contestant.name);
  }
  const rendezvous = propertiesOf(OWN.find(({ name }) => name.startsWith("rendezvous"))!, KEYS);
  assertEquals(rendezvous.leave.moved, rendezvous.leave.needed);
  assertEquals(rendezvous.join.moved, rendezvous.join.needed);
});
