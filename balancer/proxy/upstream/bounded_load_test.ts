import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { loadCap, Ring } from "../../../ring/mod.ts";
import type { View } from "../../view.ts";
import { allowances, capOf, chooseByLoad, UNBOUNDED } from "./bounded_load.ts";

/** A replica of a test. */
interface Part {
  readonly weight?: number;
  readonly ready?: boolean;
  readonly ramp?: number;
  readonly inFlight?: number;
}

/** A view of replicas S1, S2, ..., with their loads. */
function viewOf(parts: readonly Part[]) {
  const named = parts.map((part, at) => ({ ready: true, ...part, name: `S${at + 1}` }));
  const ready = named.filter((one) => one.ready).map(({ name, ramp = 1 }) => ({
    name,
    instance: `${name}#0`,
    address: { hostname: "127.0.0.1", port: 9 },
    ramp,
  }));
  const view: View = {
    version: 1,
    ring: Ring.build({ members: named.map(({ name, weight = 1 }) => ({ name, weight })) }),
    ready: new Map(ready.map((one) => [one.name, one])),
    awaited: new Set(),
    epoch: 0,
    quarantined: new Set(),
  };
  const loads = new Map(named.map(({ name, inFlight = 0 }) => [name, inFlight]));
  return { view, inFlight: (name: string) => loads.get(name) ?? 0 };
}

/** Chooses a replica for a key. */
function choose(parts: readonly Part[], key: string, bound: number) {
  const { view, inFlight } = viewOf(parts);
  const slot = view.ring.slotOfKey(key);
  const choice = chooseByLoad(view, key, slot, { bound, inFlight });
  return { view, inFlight, choice, owner: view.ring.ownerOfKey(key) ?? "" };
}

/** A key that S1 of three replicas owns. */
const KEY = Array.from({ length: 100 }, (_, at) => `key ${at}`)
  .find((key) => viewOf([{}, {}, {}]).view.ring.ownerOfKey(key) === "S1")!;

Deno.test("without a bound the owner takes every request, at any load", () => {
  const { choice } = choose([{ inFlight: 1000 }, {}, {}], KEY, 0);
  assertEquals(choice, {
    name: "S1",
    inFlight: 1000,
    cap: Infinity,
    overflowed: false,
    passed: [],
  });
});

Deno.test("an owner at its cap is passed over", () => {
  const busy = choose([{ inFlight: 13 }, { inFlight: 9 }, { inFlight: 9 }], KEY, 1.25);
  assertEquals(busy.choice?.passed, []);
  assertEquals([busy.choice?.name, busy.choice?.cap], ["S1", loadCap(1.25, 31, 1 / 3)]);
  const full = choose([{ inFlight: 14 }, { inFlight: 9 }, { inFlight: 9 }], KEY, 1.25);
  assertEquals([full.choice?.overflowed, full.choice?.passed], [true, ["S1"]]);
});

Deno.test("an owner that is not ready is not chosen by load", () => {
  assertEquals(choose([{ ready: false }, {}, {}], KEY, 1.25).choice, undefined);
  assertEquals(choose([], KEY, 1.25).choice, undefined);
});

Deno.test("without the setting only a replica in slow start is bounded", () => {
  const parts = [{ ramp: 0.1, inFlight: 1 }, { inFlight: 4 }, { inFlight: 4 }];
  const { view, choice } = choose(parts, KEY, 0);
  assertEquals([choice?.overflowed, choice?.cap, choice?.passed], [true, Infinity, ["S1"]]);
  const allowed = allowances(view, 0);
  assertEquals([...allowed.keys()], ["S1"]);
  assertEquals(capOf(allowed.get("S1") ?? UNBOUNDED, 9), 1);
  assertEquals(choose([{ ramp: 0.1 }, {}, {}], KEY, 0).choice?.name, "S1");
});

Deno.test("with all replicas in slow start, none is held back", () => {
  const parts = Array.from({ length: 3 }, () => ({ ramp: 0.1, inFlight: 3 }));
  const { choice } = choose(parts, KEY, 0);
  assertEquals([choice?.name, choice?.cap], ["S1", loadCap(1.25, 9, 1 / 3)]);
});

const PART = fc.record({
  weight: fc.constantFrom(0, 0.5, 1, 1, 1, 3),
  ready: fc.constantFrom(true, true, true, false),
  ramp: fc.constantFrom(1, 1, 1, 0.1, 0.5),
  inFlight: fc.oneof(fc.nat(3), fc.nat(200)),
});
const PARTS = fc.array(PART, { minLength: 1, maxLength: 12 });
const BOUND = fc.constantFrom(0, 1.01, 1.25, 2);

Deno.test("no replica at its cap is chosen while another has room, and none of weight 0", () => {
  fc.assert(
    fc.property(PARTS, fc.string(), BOUND, (given, key, bound) => {
      fc.pre(given.some(({ weight }) => weight > 0));
      const { view, inFlight, choice, owner } = choose(given, key, bound);
      assertEquals(choice === undefined, !view.ready.has(owner));
      if (!choice) return;
      assert(view.ready.has(choice.name));
      assertEquals(choice.inFlight, inFlight(choice.name));
      assertEquals(choice.overflowed, choice.name !== owner);
      assert(choice.inFlight < choice.cap, "the caps of all leave room for one more");
      assert(given[Number(choice.name.slice(1)) - 1]!.weight > 0);
      const total = [...view.ready.keys()].reduce((sum, name) => sum + inFlight(name), 0);
      const allowed = allowances(view, bound);
      for (const name of choice.passed) {
        assert(inFlight(name) >= capOf(allowed.get(name) ?? UNBOUNDED, total));
      }
      assertEquals(choice.passed[0], choice.overflowed ? owner : undefined);
    }),
    { numRuns: 500 },
  );
});

Deno.test("the owner takes a request for which no replica has room", () => {
  // No setting allows such a bound; other workers can cause it for a moment.
  const { view, inFlight } = viewOf([{ inFlight: 5 }, { inFlight: 5 }]);
  const [key = ""] = ["a", "b", "c"].filter((one) => view.ring.ownerOfKey(one) === "S2");
  const choice = chooseByLoad(view, key, view.ring.slotOfKey(key), { bound: 0.1, inFlight });
  assertEquals(choice, {
    name: "S2",
    inFlight: 5,
    cap: 1,
    overflowed: false,
    passed: ["S2", "S1"],
  });
});
