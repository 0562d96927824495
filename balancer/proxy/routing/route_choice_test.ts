import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Ring } from "../../../ring/mod.ts";
import type { View } from "../../view.ts";
import { type Choice, chooseRoute, type RouteInput } from "./route_choice.ts";

const NAMES = ["Server1", "Server2", "Server3"];
const RING = Ring.build({ members: NAMES });
const [A = "", B = "", C = ""] = RING.walk(RING.slotOfId(7));
const KEY = "7";

function view(ready: readonly string[], more: Partial<View> = {}): View {
  const address = { hostname: "127.0.0.1", port: 9 };
  return {
    version: 1,
    ring: RING,
    ready: new Map(ready.map((name) => [name, { name, instance: `${name}#0`, address }])),
    awaited: new Set(),
    epoch: 0,
    quarantined: new Set(),
    ...more,
  };
}

const INPUT: RouteInput = {
  key: KEY,
  failed: new Set(),
  acceptsAny: false,
  maySpill: true,
  holdUntil: 1000,
  graceUntil: 0,
};
const FAILED = { failed: new Set([`${A}#0`]), graceUntil: 100 };
const AWAITED = { awaited: new Set([A]) };
const HOLD = { policy: "hold", replaces: true } as const;

/** A choice as one word. */
function told(choice: Choice): string {
  if (choice.to === "nobody") return choice.why;
  if (choice.to === "wait") return `${choice.why} until ${choice.until}`;
  return `${choice.to} ${choice.name}`;
}

Deno.test("the route depends on the view, earlier failures of the request, and the settings", () => {
  const spill = { ...HOLD, policy: "spill" } as const;
  const fail = { ...HOLD, policy: "fail" } as const;
  const others = { ...HOLD, replaces: false };
  const table: [string, View | undefined, Partial<RouteInput>, typeof HOLD | object, string][] = [
    ["its owner", view([A, B, C]), {}, HOLD, `owner ${A}`],
    ["before the first view", undefined, {}, HOLD, "hold until 1000"],
    ["before the first view", undefined, {}, spill, "none"],
    ["nobody", view([]), {}, HOLD, "hold until 1000"],
    ["nobody, awaited", view([], AWAITED), {}, HOLD, "hold until 1000"],
    ["nobody, too late", view([]), { holdUntil: 0 }, HOLD, "none"],
    ["nobody", view([]), {}, spill, "none"],
    ["nobody", view([]), {}, fail, "none"],
    ["awaited", view([B, C], AWAITED), {}, HOLD, "hold until 1000"],
    ["awaited", view([B, C], AWAITED), {}, others, "hold until 1000"],
    ["awaited", view([B, C], AWAITED), {}, spill, `other ${B}`],
    ["awaited", view([B, C], AWAITED), {}, fail, "awaited"],
    ["awaited, too late", view([B, C], AWAITED), { holdUntil: 0 }, HOLD, `other ${B}`],
    ["awaited, after nobody", view([C], AWAITED), { acceptsAny: true }, HOLD, `other ${C}`],
    ["not awaited", view([B, C]), {}, HOLD, `other ${B}`],
    ["not awaited", view([C]), {}, HOLD, `other ${C}`],
    ["not awaited", view([C]), {}, fail, `other ${C}`],
    ["failed just now", view([A, B, C]), FAILED, HOLD, "grace until 100"],
    ["failed just now", view([A, B, C]), { ...FAILED, holdUntil: 50 }, HOLD, "grace until 50"],
    ["failed just now", view([A, B, C]), FAILED, others, `other ${B}`],
    ["failed just now", view([A, B, C]), FAILED, spill, `other ${B}`],
    ["failed just now", view([A, B, C]), FAILED, fail, "awaited"],
    ["failed and still there", view([A, B, C]), { ...FAILED, graceUntil: 0 }, HOLD, `other ${B}`],
    ["failed, alone", view([A]), { ...FAILED, graceUntil: 0 }, HOLD, "none"],
    ["failed and away", view([B, C], AWAITED), FAILED, HOLD, "hold until 1000"],
    [
      "another failed",
      view([B, C]),
      { failed: new Set([`${B}#0`]), graceUntil: 100 },
      HOLD,
      `other ${C}`,
    ],
    ["quarantine", view([A], { quarantined: new Set([KEY]) }), {}, HOLD, "quarantined"],
    ["another's quarantine", view([A], { quarantined: new Set(["8"]) }), {}, HOLD, `owner ${A}`],
    ["an empty ring", view([A], { ring: Ring.build({ members: [] }) }), {}, HOLD, "none"],
  ];
  for (const [what, seen, input, rules, expected] of table) {
    const choice = chooseRoute(seen, { ...INPUT, ...input }, { ...HOLD, ...rules }, 0);
    assertEquals(told(choice), expected, `${what}, ${JSON.stringify(rules)}`);
  }
});

Deno.test("no request is sent to a replica that failed it or is not ready, and every wait ends", () => {
  const some = fc.subarray(NAMES);
  fc.assert(fc.property(
    some,
    some,
    some,
    fc.boolean(),
    fc.nat(20),
    fc.nat(20),
    fc.constantFrom("hold" as const, "spill" as const, "fail" as const),
    fc.boolean(),
    fc.nat(25),
    (ready, awaited, failed, acceptsAny, holdUntil, graceUntil, policy, replaces, now) => {
      const instances = new Set(failed.map((name) => `${name}#0`));
      const choice = chooseRoute(
        view(ready, { awaited: new Set(awaited) }),
        { key: KEY, failed: instances, acceptsAny, maySpill: true, holdUntil, graceUntil },
        { policy, replaces },
        now,
      );
      if (choice.to === "owner" || choice.to === "other") {
        assert(ready.includes(choice.name) && !failed.includes(choice.name));
        assertEquals(choice.to === "owner", choice.name === A);
      }
      if (choice.to !== "wait") return;
      assertEquals(policy, "hold");
      assert(choice.until > now && choice.until <= holdUntil);
    },
  ));
});

Deno.test("a request that may no longer spill waits for its owner", () => {
  const bound = { ...INPUT, ...FAILED, maySpill: false };
  assertEquals(told(chooseRoute(view(NAMES), bound, HOLD, 500)), "hold until 1000");
  assertEquals(told(chooseRoute(view(NAMES), bound, HOLD, 1000)), "none");
});

Deno.test("a request that every replica just failed waits for the next view, if replicas are replaced", () => {
  const failed = { ...INPUT, failed: new Set([`${B}#0`, `${C}#0`]), graceUntil: 100 };
  const choose = (replaces: boolean, now: number) =>
    told(chooseRoute(view([B, C]), failed, { policy: "hold", replaces }, now));
  assertEquals([choose(true, 0), choose(true, 100), choose(false, 0)], [
    "grace until 100",
    "none",
    "none",
  ]);
});
