/**
 * Builds the control API's dependencies from the parts of one balancer.
 *
 * @module
 */
import { EventStreams } from "./control/api/event_streams.ts";
import type { Credentials } from "./proxy/transport/certificate_table.ts";
import type { CertificateStatus } from "./answers/certificate.ts";
import type { Gate } from "./control/auth/middleware.ts";
import type { ControlParts, LogControls } from "./control/api/dependencies.ts";
import type { Engine } from "./engine/engine.ts";
import type { Failures } from "./failures.ts";
import type { Maintenance } from "./fleet/operations/maintenance.ts";
import type { Deploys } from "./fleet/operations/deploy.ts";
import type { Fleet } from "./fleet/fleet.ts";
import type { Machines } from "./fleet/operations/machines.ts";
import { Membership } from "./fleet/operations/membership.ts";
import type { Probe } from "./fleet/health/probe.ts";
import { fleetCounts, fleetStatus } from "./fleet/operations/status.ts";
import type { ChangeLock } from "./fleet/operations/change_lock.ts";
import { Upstreams } from "./fleet/operations/upstreams.ts";
import type { LiveSettings } from "./live_settings.ts";
import type { Log } from "./log/log.ts";
import type { Metrics } from "./metrics/metrics.ts";
import type { DescriptorBudget } from "./proxy/transport/descriptor_budget.ts";
import type { ProxySettings } from "./proxy/settings.ts";
import type { DataPlaneWorkers } from "./proxy/worker/pool.ts";
import { originOf } from "./public_port.ts";

/** Milliseconds that a client may take to send the body of a call. */
const BODY_TIMEOUT_MS = 10_000;

/** Why a balancer is not ready that cannot reach the other balancers of its fleet. */
const ISOLATED = "this balancer is isolated: it cannot reach the store that it shares with others";

/** The parts of one balancer. */
interface BalancerParts {
  readonly live: LiveSettings;
  readonly fleet: Fleet;
  readonly probe: Probe;
  readonly engine: Engine;
  readonly dataPlane: DataPlaneWorkers;
  readonly metrics: Metrics;
  readonly proxy: ProxySettings;
  readonly failures: Failures;
  readonly log: Log;
  /** The certificates that the balancer shows. */
  readonly certificates: () => CertificateStatus[];
  /** The certificates in use on the port that speaks TLS. */
  readonly credentials: () => Credentials;
  readonly gate: Gate;
  /** The descriptor budget of the main thread. */
  readonly files: DescriptorBudget;
  /** Serializes changes of the fleet. */
  readonly changeLock: ChangeLock;
  readonly deploys: Deploys;
  readonly machines: Machines;
  readonly maintenance: Maintenance;
  /** Aborted when the balancer begins to end. */
  readonly ending: AbortSignal;
}

/**
 * Builds the control API's dependencies.
 *
 * @param parts the balancer's parts
 */
export function controlParts(parts: BalancerParts): ControlParts {
  const { live, fleet, probe, engine, dataPlane, metrics, failures, log, gate } = parts;
  const { files, ending, certificates, credentials } = parts;
  const { changeLock, deploys, machines, maintenance } = parts;
  const { now, wallClock } = fleet.clock;
  // With few descriptors, calls get half of them.
  const streamLimit = () => Math.min(live.config.limits.eventStreams, Math.ceil(files.apiRoom / 2));
  const startedAt = new Date(wallClock(now())).toISOString();
  return {
    membership: openMembership(parts),
    upstreams: new Upstreams({
      fleet,
      changeLock,
      ownsInstances: engine.ownsInstances,
      probe,
      failures,
    }),
    machines,
    deploys,
    maintenance,
    incidents: () => fleet.incidents.all,
    eventLog: fleet.eventLog,
    ending,
    eventStreams: new EventStreams(streamLimit),
    deployStreams: new EventStreams(streamLimit),
    drills: live.config.fleet.drills ? drillParts(parts) : undefined,
    status: () => ({
      ...fleetStatus(fleet, now()),
      engine: engine.kind,
      maintenance: maintenance.state ?? null,
      startedAt,
      failures: failures.counts(),
      certificates: certificates(),
    }),
    counts: () => fleetCounts(fleet),
    readiness: {
      get share() {
        return live.config.health.readyShare;
      },
      isolated: () => fleet.isolated ? ISOLATED : undefined,
    },
    metrics,
    explain: {
      view: () => fleet.view,
      inFlight: (instance) => dataPlane.inFlight(instance),
      settings: () => dataPlane.settings,
      credentials,
    },
    log: logControls(log, dataPlane),
    settings: live,
    gate,
    failures,
    bodyTimeoutMs: BODY_TIMEOUT_MS,
  };
}

/** The thread of plans starts as soon as the fleet is known to be large, and ends with the balancer. */
function openMembership(
  { fleet, engine, changeLock, failures, ending }: BalancerParts,
): Membership {
  const { now } = fleet.clock;
  const changeable = engine.ownsInstances;
  const membership = new Membership({ fleet, changeLock, changeable, now });
  fleet.known().then(() => membership.prepare())
    .catch((error) => failures.record("fleet.plan", error));
  ending.addEventListener("abort", () => membership.close());
  return membership;
}

function drillParts({ fleet, engine, proxy }: BalancerParts): ControlParts["drills"] {
  return {
    url: () => originOf(proxy.listen),
    upstream: (name) => fleet.view.ready.get(name),
    kill: (instance) => engine.kill(instance),
    incidents: () => fleet.incidents.all,
  };
}

function logControls(log: Log, dataPlane: DataPlaneWorkers): LogControls {
  return {
    state: () => ({ level: log.level, access: dataPlane.accessLogging }),
    turn: ({ level = log.level, access }) => {
      log.level = level;
      if (access !== undefined) dataPlane.accessLogging = access;
    },
  };
}
