/**
 * Puts changed settings in force in the parts of a running balancer.
 *
 * @module
 */
import type { Config, SettingsReading } from "./config.ts";
import { apiLimits } from "./config_parts.ts";
import type { PreparedGate } from "./control/auth/open_middleware.ts";
import type { ApiLimits } from "./control/server/api_connection.ts";
import type { Fleet } from "./fleet/fleet.ts";
import { type FleetPolicy, fleetPolicy } from "./fleet/member/policy.ts";
import type { OnMade } from "./fleet/operations/membership.ts";
import type { SettingsTarget } from "./live_settings.ts";
import type { Log } from "./log/log.ts";
import { type ProxySettings, proxySettings } from "./proxy/settings.ts";
import type { DataPlaneWorkers } from "./proxy/worker/pool.ts";
import type { SettingName } from "./settings/settings.ts";
import { type GivenUpstream, sameUpstreams, upstreamsText } from "./upstream_list.ts";

/** The parts that settings reach. */
interface TargetParts {
  readonly fleet: Fleet;
  readonly log: Log;
  readonly dataPlane: DataPlaneWorkers;
  /** Whether the engine runs its own instances. */
  readonly ownsInstances: boolean;
  /** The policy that the fleet reads at every decision. */
  readonly policy: FleetPolicy;
  /** The limits that the API reads for each connection. */
  readonly apiLimits: ApiLimits;
  readonly prepareGate: (config: Config) => Promise<PreparedGate>;
  /** Prepares the settings of certificates by ACME; the result puts them in force. */
  readonly prepareTls: (config: Config) => Promise<() => Promise<void>>;
  readonly setUpstreams: (
    upstreams: readonly GivenUpstream[],
    onMade: OnMade,
  ) => Promise<unknown>;
}

/**
 * Connects settings with the parts of a balancer.
 *
 * @param parts the parts
 */
export function settingsTarget(parts: TargetParts): SettingsTarget {
  return {
    changed: (given) => changedByCalls(given, parts),
    apply: (before, after) => apply(before, after, parts),
  };
}

/**
 * Everything that can fail comes first; the rest is one step of the main thread, and one message to
 * each worker.
 */
async function apply(before: Config, after: Config, parts: TargetParts): Promise<void> {
  const { ownsInstances, prepareGate, prepareTls, setUpstreams } = parts;
  const gate = await prepareGate(after);
  const applyTls = await prepareTls(after);
  let taken: Promise<unknown> | undefined;
  const commit = () => {
    taken ??= Promise.all([putInForce(before, after, gate, parts), applyTls()]);
  };
  const { upstreams } = after.fleet;
  const moved = !ownsInstances && !sameUpstreams(before.fleet.upstreams, upstreams);
  // Made in the same step as the view, and before the removed upstreams drain.
  if (moved) await setUpstreams(upstreams, commit);
  else commit();
  await taken;
}

function putInForce(
  before: Config,
  after: Config,
  gate: PreparedGate,
  { fleet, log, dataPlane, ownsInstances, policy, apiLimits: limits }: TargetParts,
): Promise<void> {
  gate.apply();
  Object.assign(policy, fleetPolicy(after, ownsInstances));
  Object.assign(limits, apiLimits(after));
  if (before.log.level !== after.log.level) log.level = after.log.level;
  if (before.log.access !== after.log.access) dataPlane.accessLogging = after.log.access;
  fleet.recheck();
  const { settings } = dataPlane;
  return dataPlane.reconfigure({
    ...settings,
    ...liveSettings(proxySettings(after, settings.listen, ownsInstances, settings.logStyle)),
    tokens: Object.values(gate.sources).map(({ text, file }) => ({ text, file })),
  });
}

/** The settings of a worker without those that are fixed while it runs. */
function liveSettings(all: ProxySettings): Partial<ProxySettings> {
  const { listen: _listen, workers: _workers, logStyle: _style, accessLogging: _access, ...rest } =
    all;
  return rest;
}

/** Settings whose state was changed by a call of the API. */
function changedByCalls(
  { config, origins }: SettingsReading,
  { fleet, log, dataPlane }: TargetParts,
): ReadonlyMap<SettingName, string> {
  const { slots, virtualServers, layout, hashes } = fleet.ringSpec.shape;
  const { image = config.replica.image, command = config.replica.command } = fleet.template;
  const now: [SettingName, string][] = [
    ["LB_SLOTS", String(slots)],
    ["LB_VIRTUAL_SERVERS", String(virtualServers)],
    ["LB_LAYOUT", layout],
    ["LB_HASHES", hashes],
    ["LB_LOG_LEVEL", log.level],
    ["LB_REPLICA_IMAGE", image],
    ["LB_REPLICA_COMMAND", command],
  ];
  const changed = now.filter(([name, text]) => origins.get(name)?.text !== text);
  if (config.log.access !== dataPlane.accessLogging) {
    changed.push(["LB_ACCESS_LOG", String(dataPlane.accessLogging)]);
  }
  const { upstreams } = fleet;
  if (upstreams.length > 0 && !sameUpstreams(upstreams, config.fleet.upstreams)) {
    changed.push(["LB_UPSTREAMS", upstreamsText(upstreams)]);
  }
  return new Map(changed);
}
