import { assertEquals } from "@std/assert";
import { Ring } from "../../../ring/mod.ts";
import type { Upstream, View } from "../../view.ts";
import { explain, type ExplainOptions } from "./explain.ts";

const ENTRY = { protocols: ["http/1.1"], streams: 100, tls: null };
const NAMES = ["Server1", "Server2", "Server3"];

function upstream(name: string, ramp = 1): [string, Upstream] {
  const address = { hostname: "127.0.0.1", port: 1 };
  return [name, { name, instance: `${name}-i`, address, ramp }];
}

interface Fleet {
  readonly ready?: readonly string[];
  readonly awaited?: readonly string[];
  readonly quarantined?: readonly string[];
  readonly members?: readonly string[];
  /** Replicas in slow start, and their share of a full load. */
  readonly ramps?: Readonly<Record<string, number>>;
  /** Requests in flight, by name. */
  readonly loads?: Readonly<Record<string, number>>;
}

/** Explains a key, with the test's fleet and settings. */
function explained(key: string, fleet: Fleet = {}, settings: Partial<ExplainOptions> = {}) {
  const {
    members = NAMES,
    ready = members,
    awaited = [],
    quarantined = [],
    ramps = {},
    loads = {},
  } = fleet;
  const view: View = {
    version: 7,
    ring: Ring.build({ members }),
    ready: new Map(ready.map((name) => upstream(name, ramps[name]))),
    awaited: new Set(awaited),
    epoch: 0,
    quarantined: new Set(quarantined),
  };
  return explain(key, {
    view: () => view,
    inFlight: (instance) => loads[instance.replace("-i", "")] ?? 0,
    keySource: { from: "request-id" },
    affinity: { cookie: "ringkeeper", ttlS: 0 },
    hold: { policy: "hold", ms: 5000, replaces: true },
    loadBound: 0,
    publicApi: "all",
    route: null,
    entry: ENTRY,
    ...settings,
  });
}

const RING = Ring.build({ members: NAMES });

Deno.test("with LB_KEY=affinity an answer names the cookie that holds the key", () => {
  const key = "abcdefghijklmnopqrstuv-_";
  const settings = {
    keySource: { from: "affinity" },
    affinity: { cookie: "lb", ttlS: 0 },
  } as const;
  const { reason, cookie } = explained(key, {}, settings);
  const slot = RING.slotOfKey(key);
  const owner = RING.ownerOfKey(key);
  assertEquals(cookie, "lb");
  assertEquals(
    reason,
    `Key ${key} of the cookie lb falls on slot ${slot}, which ${owner} owns; ` +
      `${owner} is ready with 0 requests in flight.`,
  );
});

Deno.test("an answer has every input of the decision", () => {
  const { reason: _reason, ...rest } = explained("alice", { loads: { Server1: 2 } });
  const slot = RING.slotOfKey("alice");
  const [owner = "", ...successors] = RING.walk(slot);
  assertEquals(rest, {
    decision: { to: "owner", name: owner, why: "ready" },
    key: "alice",
    cookie: null,
    hashedAs: "string",
    hash: rest.hash,
    slot,
    owner,
    successors,
    version: 7,
    digest: RING.digest,
    quarantined: false,
    route: null,
    loadBound: null,
    entry: ENTRY,
    replicas: NAMES.map((name) => ({
      name,
      ready: true,
      awaited: false,
      scheme: "http" as const,
      weight: 1,
      inFlight: name === "Server1" ? 2 : 0,
      cap: null,
    })),
  });
  assertEquals(Math.floor((rest.hash ?? 0) * 512 / 2 ** 32), slot);
});

Deno.test("a whole number is hashed as an id, which has a slot but no hash", () => {
  const { hashedAs, hash, slot, reason } = explained("2");
  assertEquals([hashedAs, hash, slot], ["id", null, 120]);
  assertEquals(
    reason,
    `Id 2 falls on slot 120, which ${RING.ownerOfId(2)} owns; ${RING.ownerOfId(2)} is ready ` +
      "with 0 requests in flight.",
  );
  assertEquals(explained("9007199254740992").hashedAs, "string");
  assertEquals(explained("-1").hashedAs, "string");
});

const SLOT = RING.slotOfKey("alice");
const [OWNER = "", NEXT = "", LAST = ""] = RING.walk(SLOT);
const PLACE = `Key alice falls on slot ${SLOT}, which ${OWNER} owns`;
const AWAY = { ready: [NEXT, LAST] };
const AWAITED = { ...AWAY, awaited: [OWNER] };

Deno.test("a ready owner takes the request", () => {
  const { decision, reason } = explained("alice", { loads: { [OWNER]: 1 } });
  assertEquals(decision, { to: "owner", name: OWNER, why: "ready" });
  assertEquals(reason, `${PLACE}; ${OWNER} is ready with 1 request in flight.`);
});

Deno.test("a request for an owner that is being replaced waits, and then goes to the next replica", () => {
  const { decision, reason, replicas } = explained("alice", AWAITED);
  assertEquals(decision, {
    to: "wait",
    name: OWNER,
    why: "awaited",
    ms: 5000,
    then: { to: "other", name: NEXT, why: "away" },
  });
  assertEquals(
    reason,
    `${PLACE}; ${OWNER} is being replaced; the request waits for it up to 5000 ms and then goes ` +
      `to ${NEXT}, the next ready one.`,
  );
  const owner = replicas.find(({ name }) => name === OWNER);
  assertEquals([owner?.ready, owner?.awaited, owner?.inFlight], [false, true, 0]);
});

Deno.test("the setting LB_HOLD decides whether a request waits", () => {
  const rules = { ms: 5000, replaces: true };
  const spilled = explained("alice", AWAITED, { hold: { ...rules, policy: "spill" } });
  assertEquals(spilled.decision, { to: "other", name: NEXT, why: "away" });
  assertEquals(
    spilled.reason,
    `${PLACE}; ${OWNER} is being replaced; with LB_HOLD=spill the request goes to ${NEXT}, the ` +
      "next ready one.",
  );
  const failed = explained("alice", AWAITED, { hold: { ...rules, policy: "fail" } });
  assertEquals(failed.decision, { to: "nobody", why: "awaited" });
  assertEquals(
    failed.reason,
    `${PLACE}; ${OWNER} is being replaced; with LB_HOLD=fail the request is answered 503.`,
  );
});

Deno.test("a request does not wait for a replica that is gone for good", () => {
  const { decision, reason } = explained("alice", AWAY);
  assertEquals(decision, { to: "other", name: NEXT, why: "away" });
  assertEquals(
    reason,
    `${PLACE}; ${OWNER} is away, and is not being replaced; the request goes to ${NEXT}, the ` +
      "next ready one.",
  );
});

Deno.test("with no ready replica a request waits for the first one to return", () => {
  const { decision, reason } = explained("alice", { ready: [], awaited: NAMES });
  const then = { to: "nobody", why: "none" } as const;
  assertEquals(decision, { to: "wait", why: "none", ms: 5000, then });
  assertEquals(
    reason,
    `${PLACE}; no replica is ready, so the request waits up to 5000 ms for the first replica that is back ` +
      "and then is answered 503.",
  );
  const hold = { policy: "fail", ms: 5000, replaces: true } as const;
  const failed = explained("alice", { ready: [] }, { hold });
  assertEquals(failed.decision, { to: "nobody", why: "none" });
  assertEquals(failed.reason, `${PLACE}; no replica is ready, so the request is answered 503.`);
});

Deno.test("an empty ring has no owner and no destination", () => {
  const { owner, successors, reason } = explained("alice", { members: [] });
  assertEquals([owner, successors], [null, []]);
  assertEquals(
    reason,
    `Key alice falls on slot ${SLOT}, which nobody owns; no replica is ready, so the request ` +
      "waits up to 5000 ms for the first replica that is back and then is answered 503.",
  );
});

Deno.test("a key in quarantine is answered 503, with any replica ready", () => {
  const { decision, reason, quarantined } = explained("alice", { quarantined: ["alice"] });
  assertEquals([decision, quarantined], [{ to: "nobody", why: "quarantined" }, true]);
  assertEquals(
    reason,
    "Key alice is quarantined, because replicas died of requests with it; it is answered 503.",
  );
});

Deno.test("an owner with room takes the request, and the answer has its allowance", () => {
  const loads = { [OWNER]: 3, [NEXT]: 3, [LAST]: 3 };
  const { reason, replicas, loadBound } = explained("alice", { loads }, { loadBound: 1.25 });
  assertEquals([loadBound, replicas.map(({ cap }) => cap)], [1.25, [5, 5, 5]]);
  assertEquals(reason, `${PLACE}; ${OWNER} is ready with 3 of at most 5 requests in flight.`);
});

Deno.test("an overloaded owner's request goes to the key's next replica", () => {
  const one = explained("alice", { loads: { [OWNER]: 9 } }, { loadBound: 1.25 });
  const name = one.decision.to === "other" ? one.decision.name : "";
  assertEquals(one.decision, { to: "other", name, why: "full" });
  assertEquals(
    one.reason,
    `${PLACE}; ${OWNER} may have no more requests in flight, so it goes to ${name}, which has 0 ` +
      "of at most 5 requests in flight.",
  );
  const rest = name === NEXT ? LAST : NEXT;
  const two = explained("alice", { loads: { [OWNER]: 9, [name]: 9 } }, { loadBound: 1.25 });
  assertEquals(two.decision, { to: "other", name: rest, why: "full" });
  assertEquals(
    two.reason,
    `${PLACE}; ${OWNER} and 1 more may have no more requests in flight, so it goes to ${rest}, ` +
      "which has 0 of at most 8 requests in flight.",
  );
});

Deno.test("an owner in slow start has a bound while the others have none", () => {
  const fleet = { ramps: { [OWNER]: 0.1 }, loads: { [OWNER]: 1, [NEXT]: 7, [LAST]: 7 } };
  const { decision, reason, replicas } = explained("alice", fleet);
  const name = decision.to === "other" ? decision.name : "";
  assertEquals(decision, { to: "other", name, why: "full" });
  assertEquals(
    reason,
    `${PLACE}; ${OWNER} may have no more requests in flight, so it goes to ${name}, which has 7 ` +
      "requests in flight.",
  );
  assertEquals(
    replicas.map(({ name, cap }) => [name, cap]),
    NAMES.map((one) => [one, one === OWNER ? 1 : null]),
  );
});

Deno.test("while the owner is unavailable, the next replica may have no room either", () => {
  const fleet = { ...AWAITED, loads: { [NEXT]: 9 } };
  const { decision, reason } = explained("alice", fleet, { loadBound: 1.25 });
  assertEquals(decision.to === "wait" && decision.then, { to: "other", name: LAST, why: "away" });
  assertEquals(reason.endsWith(`goes to ${LAST}, the next ready one with room.`), true, reason);
});

Deno.test("an ambiguous key is quoted, and a long key is cut", () => {
  assertEquals(explained("a b").reason.startsWith('Key "a b" falls on slot '), true);
  const start = explained("x".repeat(1000)).reason.slice(0, 120);
  assertEquals(start.startsWith(`Key "${"x".repeat(79)}… falls on slot `), true, start);
});
