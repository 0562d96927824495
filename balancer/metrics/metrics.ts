/**
 * The balancer's metrics: `GET /_lb/metrics` for Prometheus, `GET /_lb/load` for polling clients.
 *
 * @module
 */
import process from "node:process";
import type { Clock } from "../clock.ts";
import { turnOfLoop } from "../turn_of_loop.ts";
import type { Fleet } from "../fleet/fleet.ts";
import { fleetStatus } from "../fleet/operations/status.ts";
import type { DataPlaneCounts } from "../proxy/stats/counter_snapshot.ts";
import type { DataPlaneWorkers } from "../proxy/worker/pool.ts";
import type { OrderCounts } from "../acme/acme_certificates.ts";
import type { CertificateStatus } from "../answers/certificate.ts";
import { certificateMetrics, type UpstreamTlsFacts } from "./certificate_metrics.ts";
import { FleetTotals } from "./heal_metrics.ts";
import { dataPlaneMetrics } from "./data_plane_metrics.ts";
import { expose, type Exposition } from "./exposition.ts";
import { fleetMetrics } from "./fleet_metrics.ts";
import { VERSION } from "../version.ts";
import { LoadReport } from "./load_report.ts";
import { History } from "./history.ts";
import { HistoryMarks } from "./history_marks.ts";
import type { History as HistoryReport, HistoryQuery } from "../answers/history.ts";
import type { Load } from "../answers/load.ts";
import { ProcessFileReader, type ProcessFiles } from "./process_files.ts";
import { type ProcessFacts, processMetrics } from "./process_metrics.ts";
import type { Failures } from "../failures.ts";

/** The sources of all metrics. */
interface MetricsOptions {
  readonly fleet: Fleet;
  readonly dataPlane: DataPlaneWorkers;
  /** Whether a maintenance is under way. */
  readonly maintenance: () => boolean;
  /** Failed background actions. */
  readonly failures: Failures;
  /** The balancer's own log lines that were lost to a slow reader. */
  readonly lostLogLines: () => number;
  /** Failed accepts on the API's own port or socket. */
  readonly apiAcceptFailures: () => number;
  /** Certificates that clients and replicas are shown. */
  readonly certificates: () => readonly CertificateStatus[];
  /** Returns the orders by ACME so far. */
  readonly orders: () => OrderCounts;
  /** TLS to replicas. */
  readonly upstreamTls: UpstreamTlsFacts;
  /** Calls of the control API that were refused, by reason. */
  readonly refusals: () => ReadonlyMap<string, number>;
  /** The kind of engine. */
  readonly engine: string;
  /** The number of workers. */
  readonly workers: number;
  readonly clock: Clock;
}

/** Sampling interval of the load, in milliseconds. */
const LOOK_MS = 1000;

/** Measures the balancer from its start to its end. */
export class Metrics {
  readonly #options: MetricsOptions;
  readonly #totals: FleetTotals;
  readonly #load: LoadReport;
  readonly #history: History;
  readonly #startedAt: number;
  readonly #files: ProcessFileReader;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #unlisten: () => void;

  /** Must be created before the fleet is opened, so that no event is missed. */
  constructor(options: MetricsOptions) {
    const { fleet, dataPlane, clock, failures } = options;
    this.#options = options;
    this.#files = new ProcessFileReader(failures);
    this.#startedAt = clock.now();
    const totals = this.#totals = new FleetTotals(() => fleet.view.ring);
    const load = this.#load = new LoadReport({
      counters: dataPlane.counters,
      inFlight: (name) => dataPlane.inFlight(fleet.view.ready.get(name)?.instance ?? ""),
    });
    const history = this.#history = new History({
      counters: dataPlane.counters,
      marks: new HistoryMarks({
        ring: () => fleet.view.ring,
        incidents: () => fleet.incidents.all,
      }),
      replicas: () => ({ ready: fleet.view.ready.size, desired: fleet.desired }),
      clock,
    });
    const unlistenHistory = fleet.eventLog.listen((entry) => history.note(entry));
    const unlisten = fleet.eventLog.listen((event) => totals.note(event));
    this.#unlisten = () => (unlisten(), unlistenHistory());
    this.#timer = setInterval(() => {
      load.look();
      history.look();
    }, LOOK_MS);
  }

  /** All metrics in Prometheus' text format. */
  async expose(): Promise<Exposition> {
    const { fleet, dataPlane, clock, certificates, orders, upstreamTls } = this.#options;
    const files = await this.#files.read();
    const counts = await dataPlane.countsInSlices(turnOfLoop);
    await turnOfLoop();
    const status = fleetStatus(fleet, clock.now());
    await turnOfLoop();
    return await expose([
      ...dataPlaneMetrics(counts),
      ...fleetMetrics({
        status,
        inFlight: (instance) => dataPlane.inFlight(instance),
        totals: this.#totals,
        maintenance: this.#options.maintenance(),
      }),
      ...certificateMetrics(certificates(), orders(), upstreamTls),
      ...processMetrics(this.#facts(counts, files)),
    ]);
  }

  /** The present load. */
  load(): Load {
    const { clock } = this.#options;
    return this.#load.report(clock.wallClock(clock.now()));
  }

  /** The last minutes or the last day; see {@linkcode History.report}. */
  history(query: HistoryQuery): HistoryReport {
    return this.#history.report(query);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#unlisten();
    await this.#files[Symbol.asyncDispose]();
  }

  #facts(counts: DataPlaneCounts, files: ProcessFiles): ProcessFacts {
    const { failures, refusals, engine, workers, lostLogLines, apiAcceptFailures } = this.#options;
    const { loggedLines, lostLines, acceptFailures } = counts.workers;
    const { user, system } = process.cpuUsage();
    return {
      startedAtS: this.#options.clock.wallClock(this.#startedAt) / 1000,
      cpuS: (user + system) / 1e6,
      residentBytes: Deno.memoryUsage().rss,
      files,
      build: { version: VERSION, deno: Deno.version.deno, v8: Deno.version.v8, engine },
      workers,
      failures: failures.counts(),
      accessLines: loggedLines,
      lostLines: { access: lostLines, balancer: lostLogLines() },
      refusals: refusals(),
      acceptFailures: { public: acceptFailures, api: apiAcceptFailures() },
    };
  }
}
