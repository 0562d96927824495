/**
 * `GET /_lb/explain`: the destination of a request now, and the reason.
 *
 * @module
 */
import { murmur3 } from "../../../ring/mod.ts";
import type { ExplainedReplica, Explanation } from "../../answers/explanation.ts";
import type { AffinitySettings, PublicApi } from "../../proxy/settings.ts";
import { keySlot, wholeNumber } from "../../proxy/routing/key.ts";
import { allowances, capOf, type Loads, UNBOUNDED } from "../../proxy/upstream/bounded_load.ts";
import type { KeySource } from "../../settings/values.ts";
import type { Upstream, View } from "../../view.ts";
import { decide, type HoldRules, ownerOf } from "./decision.ts";
import { reasonOf } from "./sentence.ts";

/** The input of an explanation. */
export interface ExplainOptions {
  /** The view in force. */
  readonly view: () => View;
  /** Returns the requests in flight to an instance. */
  readonly inFlight: (instance: string) => number;
  /** The part of a request that is its key: the setting `LB_KEY`, or that of its route. */
  readonly keySource: KeySource;
  /** The route of the request; null for none. */
  readonly route: string | null;
  /** The affinity cookie, whose value is the key with `LB_KEY=affinity`. */
  readonly affinity: AffinitySettings;
  /** The API's calls on the public port; all other requests go to replicas. */
  readonly publicApi: PublicApi;
  readonly hold: HoldRules;
  /** The setting `LB_LOAD_BOUND`; 0: none. */
  readonly loadBound: number;
  /** How the request can reach the balancer. */
  readonly entry: Explanation["entry"];
}

/**
 * Explains the destination of a request.
 *
 * @param key the request's key
 * @param options the view, the settings and the loads
 */
export function explain(key: string, options: ExplainOptions): Explanation {
  const view = options.view();
  const { ring, version, quarantined, awaited } = view;
  const loads = loadsOf(view, options);
  const slot = keySlot(ring, key);
  const first = ownerOf(view, slot);
  const hashedAs = wholeNumber(key) < 0 ? "string" : "id";
  const decided = decide(key, slot, { view, hold: options.hold, loads });
  const { keySource, affinity, hold: { policy } } = options;
  const cookie = keySource.from === "affinity" ? affinity.cookie : null;
  const subject = { key, hashedAs, slot, owner: first, policy, cookie } as const;
  return {
    route: options.route,
    reason: reasonOf({ ...subject, awaited: awaited.has(first ?? "") }, decided),
    decision: decided.decision,
    key,
    cookie,
    hashedAs,
    hash: hashedAs === "id" ? null : murmur3(key),
    slot,
    owner: first ?? null,
    successors: ring.walk(slot).slice(1),
    version,
    digest: ring.digest,
    quarantined: quarantined.has(key),
    loadBound: options.loadBound || null,
    replicas: replicaLoads(view, loads),
    entry: options.entry,
  };
}

/** Reads the loads once, so that the answer shows the loads of the decision. */
function loadsOf({ ready }: View, { inFlight, loadBound }: ExplainOptions): Loads {
  const counts = new Map([...ready].map(([name, { instance }]) => [name, inFlight(instance)]));
  return { bound: loadBound, inFlight: (name) => counts.get(name) ?? 0 };
}

function replicaLoads(view: View, loads: Loads): ExplainedReplica[] {
  const { ring, ready, awaited } = view;
  const allowed = allowances(view, loads.bound);
  let inHand = 0;
  for (const name of ready.keys()) inHand += loads.inFlight(name);
  return ring.options.members.map(({ name, weight }) => {
    const cap = ready.has(name) ? capOf(allowed.get(name) ?? UNBOUNDED, inHand) : Infinity;
    return {
      name,
      ready: ready.has(name),
      awaited: awaited.has(name),
      scheme: schemeOf(ready.get(name)),
      weight,
      inFlight: loads.inFlight(name),
      cap: cap === Infinity ? null : cap,
    };
  });
}

function schemeOf(upstream: Upstream | undefined): ExplainedReplica["scheme"] {
  if (!upstream) return null;
  return !("path" in upstream.address) && upstream.address.tls ? "https" : "http";
}
