/**
 * The form in which the desired state is saved. It names a setting's value beside each value that
 * was changed from it, so that a later change of the setting can be detected.
 *
 * @module
 */
import { type GivenUpstream, sameUpstreams } from "../../upstream_list.ts";
import { type RingSpec, sameShape } from "../spec/ring_spec.ts";
import type { Desired, DesiredSettings } from "./desired.ts";
import type { SavedFleet } from "./store.ts";

/**
 * Returns the desired state as it is saved.
 *
 * @param weights weight of every replica in the ring, by name
 * @param desired the rest of the state
 * @param options the settings
 * @param loaded the state saved before, whose settings count if several balancers share it
 */
export function savedForm(
  weights: RingSpec["weights"],
  desired: Desired,
  options: DesiredSettings,
  loaded: SavedFleet | undefined,
): SavedFleet {
  const { template, deploy, shape, maintenance, drain } = desired;
  const { shared = false } = options;
  const earlier = shared ? loaded : undefined;
  const configured = earlier?.configured ?? options.desired;
  const settings = earlier?.settings ?? options.settings;
  // The list of upstreams carries their names and weights.
  const named = desired.upstreams ? [] : [...weights];
  const unequal = named.filter(([, weight]) => weight !== 1);
  // Other balancers may have other settings.
  const reshaped = shared || !sameShape(shape, options.shape);
  return {
    configured,
    names: named.map(([name]) => name),
    template,
    ...(settings ? { settings } : {}),
    ...(deploy ? { deploy } : {}),
    ...(unequal.length > 0 ? { weights: Object.fromEntries(unequal) } : {}),
    ...(reshaped ? { shape: { settings: options.shape, inForce: shape } } : {}),
    ...changedUpstreams(weights, desired, options),
    ...(maintenance ? { maintenance } : {}),
    ...(shared && drain ? { drain } : {}),
  };
}

function changedUpstreams(
  weights: RingSpec["weights"],
  { upstreams = [] }: Desired,
  { upstreams: settings, shared }: DesiredSettings,
): Pick<SavedFleet, "upstreams"> {
  if (!settings) return {};
  const inForce = weighted(upstreams, weights);
  const unchanged = sameUpstreams(settings, inForce) && !shared;
  return unchanged ? {} : { upstreams: { settings, inForce } };
}

/** Returns the list with the present weights of the replicas. */
export function weighted(
  upstreams: readonly GivenUpstream[],
  weights: RingSpec["weights"],
): readonly GivenUpstream[] {
  return upstreams.map((one) => ({ ...one, weight: weights.get(one.name) ?? one.weight }));
}
