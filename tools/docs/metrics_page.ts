/**
 * Writes docs/reference/metrics.md from the metrics' definitions.
 *
 * @module
 */
import { certificateMetrics } from "../../balancer/metrics/certificate_metrics.ts";
import { dataPlaneMetrics } from "../../balancer/metrics/data_plane_metrics.ts";
import { fleetMetrics, type MetricStatus } from "../../balancer/metrics/fleet_metrics.ts";
import { FleetTotals } from "../../balancer/metrics/heal_metrics.ts";
import type { MetricFamily } from "../../balancer/metrics/metric_family.ts";
import { processMetrics } from "../../balancer/metrics/process_metrics.ts";
import {
  type DataPlaneCounts,
  replicaCounts,
  workerCounts,
} from "../../balancer/proxy/stats/counter_snapshot.ts";
import { REPLICA, WORKER } from "../../balancer/proxy/stats/counter_layout.ts";
import { Ring } from "../../ring/mod.ts";
import { print } from "../print.ts";
import { ROOT } from "../project.ts";

/** The page that lists every metric. */
export const METRICS_PAGE: URL = new URL("docs/reference/metrics.md", ROOT);

const HEAD = `# Metrics

Written by \`deno task settings\` from the code that exports the metrics; a test compares both.

\`GET /_lb/metrics\` answers in Prometheus' text format. A counter never decreases while the balancer
runs. A histogram \`NAME\` has the series \`NAME_bucket\`, \`NAME_sum\` and \`NAME_count\`.
`;

/** The text of the page. */
export function metricsPage(): string {
  const groups = Object.entries(families()).flatMap(([title, metrics]) => [
    `## ${title}`,
    ...metrics.map(entry),
  ]);
  return `${[HEAD.trimEnd(), ...groups].join("\n\n")}\n`;
}

function entry({ name, type, help, values }: MetricFamily): string {
  const labels = labelsOf(values);
  const labelled = labels.length === 0 ? "none" : labels.map((label) => `\`${label}\``).join(", ");
  return `### ${name}\n\n${help}\n\n- type: ${type}\n- labels: ${labelled}`;
}

/** All labels but that of a histogram's buckets. */
function labelsOf(values: MetricFamily["values"]): string[] {
  const names = new Set<string>();
  for (const { labels } of values) for (const name of Object.keys(labels)) names.add(name);
  return [...names].filter((name) => name !== "le");
}

/** The metrics of a balancer in which every series exists. */
function families(): Readonly<Record<string, readonly MetricFamily[]>> {
  return {
    "Requests and connections": dataPlaneMetrics(COUNTS),
    "Fleet and ring": fleetMetrics({
      maintenance: false,
      status: STATUS,
      inFlight: () => 0,
      totals: new FleetTotals(() => Ring.build({ members: [{ name: "Server1" }] })),
    }),
    "Certificates": certificateMetrics(
      [{
        ...{ name: "", source: "file", names: [], kind: null, fingerprint: null, fault: null },
        ...{ notAfter: new Date(0).toISOString(), daysLeft: 0, ending: false, renewal: null },
      }],
      { issued: 0, failed: 0 },
      { unverified: false, handshakes: { tls13: 0 } },
    ),
    "Process": processMetrics({
      startedAtS: 0,
      cpuS: 0,
      residentBytes: 0,
      files: { openFds: 0, maxFds: 0, virtualBytes: 0 },
      build: { version: "", deno: "", v8: "", engine: "" },
      workers: 1,
      failures: { action: 0 },
      accessLines: 0,
      lostLines: { access: 0, balancer: 0 },
      refusals: new Map([["reason", 0]]),
      acceptFailures: { public: 0, api: 0 },
    }),
  };
}

/** Each counter is 1, so that no series is left out. */
const COUNTS: DataPlaneCounts = {
  workers: workerCounts(new Float64Array(WORKER.width).fill(1)),
  replicas: new Map([["Server1", replicaCounts(new Float64Array(REPLICA.width).fill(1))]]),
};

/** A balancer of a cluster, so that no metric is left out. */
const STATUS: MetricStatus = {
  replicas: [{
    name: "Server1",
    state: "ready",
    instance: null,
    machine: null,
    slots: 1,
    weight: 1,
    restarts: 0,
  }],
  spares: [],
  quarantined: [],
  desired: 1,
  version: 1,
  epoch: 1,
  slots: 1,
  engineUp: true,
  cluster: { self: "", holder: null, isolated: false, disagreeMs: 0, balancers: [] },
};

if (import.meta.main) {
  await Deno.writeTextFile(METRICS_PAGE, metricsPage());
  print(`wrote ${METRICS_PAGE.pathname}`);
}
