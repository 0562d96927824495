/**
 * Metrics of the fleet.
 *
 * @module
 */
import type { Phase } from "../fleet/member/member.ts";
import type { FleetStatus, ReplicaStatus } from "../answers/fleet.ts";
import {
  counter,
  gauge,
  histogram,
  type MetricFamily,
  type Range,
  type Series,
} from "./metric_family.ts";
import type { FleetTotals } from "./heal_metrics.ts";

/** All states of a replica: a state without replicas is exported as 0, not as a gap. */
const PHASES: readonly Phase[] = ["waiting", "starting", "warming", "ready", "down", "leaving"];

const HEAL_RANGE: Range = { from: 0.001, to: 50 };

/** The part of a status that metrics show. */
export interface MetricStatus
  extends Pick<FleetStatus, "desired" | "version" | "epoch" | "slots" | "engineUp" | "cluster"> {
  readonly replicas: readonly MetricReplica[];
  readonly spares: readonly MetricReplica[];
  readonly quarantined: readonly unknown[];
}

/** The part of a replica's status that metrics show. */
type MetricReplica = Pick<
  ReplicaStatus,
  "name" | "state" | "instance" | "machine" | "slots" | "weight" | "restarts"
>;

/** The sources of the fleet's metrics. */
interface FleetSources {
  readonly status: MetricStatus;
  /** The load in flight to an instance. */
  readonly inFlight: (instance: string) => number;
  readonly totals: FleetTotals;
  readonly maintenance: boolean;
}

/**
 * Builds the metrics of the fleet.
 *
 * @param sources the sources of the values
 */
export function fleetMetrics(sources: FleetSources): readonly MetricFamily[] {
  const { status, totals, maintenance } = sources;
  return [
    ...replicaMetrics(sources),
    ...ringMetrics(status, totals),
    histogram(
      "heal_seconds",
      "Time from the first sign of a failure until the instance left the view (eject), its " +
        "replacement was ordered (create), was ready (ready), and got the held requests (release).",
      HEAL_RANGE,
      totals.heals.map(({ phase, timings }) => [{ phase }, timings]),
    ),
    counter("incidents_total", "Failures of replicas.", totals.incidents),
    gauge(
      "quarantined_keys",
      "Request keys that are answered 503, because replicas failed while they served them.",
      status.quarantined.length,
    ),
    gauge(
      "maintenance",
      "Whether requests are answered 503 for a maintenance.",
      Number(maintenance),
    ),
    gauge("engine_up", "Whether the engine can be reached.", Number(status.engineUp)),
    ...clusterMetrics(status),
  ];
}

/** Metrics of one balancer of several; none for a balancer that is alone. */
function clusterMetrics({ cluster }: MetricStatus): MetricFamily[] {
  if (!cluster) return [];
  const { self, holder, balancers, isolated, disagreeMs } = cluster;
  return [
    gauge("balancers", "Live balancers of the fleet, as this one sees them.", balancers.length),
    gauge("lease_held", "Whether this balancer heals the fleet.", Number(holder === self)),
    gauge("isolated", "Whether this balancer has lost the shared store.", Number(isolated)),
    gauge(
      "balancers_disagree_seconds",
      "How long the rings of the live balancers have differed; 0 while they are equal.",
      disagreeMs / 1000,
    ),
  ];
}

function replicaMetrics({ status, inFlight }: FleetSources): MetricFamily[] {
  const { replicas, spares, desired } = status;
  const each = (read: (replica: MetricReplica) => number) =>
    replicas.map((one): Series => [{ replica: one.name }, read(one)]);
  const states = PHASES.map((state): Series => [
    { state },
    replicas.filter((one) => one.state === state).length,
  ]);
  return [
    gauge("replicas", "Replicas by state.", states),
    gauge("replicas_desired", "Desired number of replicas.", desired),
    gauge(
      "spares_ready",
      "Spares that are ready.",
      spares.filter(({ state }) => state === "ready").length,
    ),
    gauge(
      "replica_info",
      "Always 1: the instance and the machine of a replica; empty for none.",
      replicas.map(({ name, instance, machine }): Series => [
        { replica: name, instance: instance ?? "", machine: machine ?? "" },
        1,
      ]),
    ),
    gauge("replica_ready", "Whether a replica is ready.", each((one) => Number(isReady(one)))),
    gauge(
      "replica_in_flight_requests",
      "Requests and streams in flight to a replica.",
      each(({ instance }) => instance === null ? 0 : inFlight(instance)),
    ),
    gauge("replica_slots", "Slots that a replica owns.", each(({ slots }) => slots)),
    gauge("replica_weight", "Weight of a replica.", each(({ weight }) => weight)),
    counter(
      "replica_restarts_total",
      "Instances of a replica that were replaced.",
      each(({ restarts }) => restarts),
    ),
  ];
}

function isReady({ state }: MetricReplica): boolean {
  return state === "ready";
}

function ringMetrics(
  { version, epoch, slots }: MetricStatus,
  { slotsMoved }: FleetTotals,
): MetricFamily[] {
  return [
    gauge("ring_version", "Version of the view that requests are routed by.", version),
    gauge("ring_epoch", "Epoch of the desired state that the ring was built from.", epoch),
    gauge("ring_slots", "Slots of the ring.", slots),
    counter("slots_moved_total", "Slots that changed their owner.", slotsMoved),
  ];
}
