/**
 * The balancer's numbers: `GET /_lb/metrics` for Prometheus, `GET /_lb/load` for whoever looks on.
 *
 * @module
 */
import process from "node:process";
import type { Clock } from "../clock.ts";
import type { Fleet } from "../fleet/fleet.ts";
import { fleetStatus } from "../fleet/operations/status.ts";
import type { DataPlaneCounts } from "../proxy/stats/counter_snapshot.ts";
import type { DataPlaneWorkers } from "../proxy/worker/pool.ts";
import { Chronicle } from "./chronicle.ts";
import { dataPlaneMetrics } from "./data_plane_metrics.ts";
import { expose, type Exposition } from "./exposition.ts";
import { fleetMetrics } from "./fleet_metrics.ts";
import { VERSION } from "../version.ts";
import { LoadReport } from "./load_report.ts";
import type { Load } from "../answers/load.ts";
import { ProcessFileReader, type ProcessFiles } from "./process_files.ts";
import { type ProcessFacts, processMetrics } from "./process_metrics.ts";
import type { Failures } from "../failures.ts";

/** What is measured. */
interface MetricsOptions {
  readonly fleet: Fleet;
  readonly dataPlane: DataPlaneWorkers;
  /** Failed background actions. */
  readonly failures: Failures;
  /** Lines that the balancer itself said and nobody read. */
  readonly lostLogLines: () => number;
  /** Connections to the API's own port or socket that could not be accepted. */
  readonly apiAcceptFailures: () => number;
  /** Calls of the control API that were refused, by reason. */
  readonly refusals: () => ReadonlyMap<string, number>;
  /** What kind of engine there is. */
  readonly engine: string;
  /** How many workers there are. */
  readonly workers: number;
  readonly clock: Clock;
}

/** How often the load is looked at, in milliseconds. */
const LOOK_MS = 1000;

/** Measures the balancer from its beginning to its end. */
export class Metrics {
  readonly #options: MetricsOptions;
  readonly #chronicle: Chronicle;
  readonly #load: LoadReport;
  readonly #startedAt: number;
  readonly #files: ProcessFileReader;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #unlisten: () => void;

  /** Make it before the fleet is opened: it has to hear of everything. */
  constructor(options: MetricsOptions) {
    const { fleet, dataPlane, clock, failures } = options;
    this.#options = options;
    this.#files = new ProcessFileReader(failures);
    this.#startedAt = clock.now();
    const chronicle = this.#chronicle = new Chronicle(() => fleet.view.ring);
    this.#unlisten = fleet.eventLog.listen((event) => chronicle.note(event));
    const load = this.#load = new LoadReport({
      counts: () => dataPlane.counts(),
      durations: (reused) => dataPlane.durations(reused),
      inFlight: (name) => dataPlane.inFlight(fleet.view.ready.get(name)?.instance ?? ""),
    });
    this.#timer = setInterval(() => load.look(), LOOK_MS);
  }

  /** Everything, as Prometheus reads it. */
  async expose(): Promise<Exposition> {
    const { fleet, dataPlane, clock } = this.#options;
    const files = await this.#files.read();
    const counts = dataPlane.counts();
    return await expose([
      ...dataPlaneMetrics(counts),
      ...fleetMetrics({
        status: fleetStatus(fleet, clock.now()),
        inFlight: (instance) => dataPlane.inFlight(instance),
        chronicle: this.#chronicle,
      }),
      ...processMetrics(this.#facts(counts, files)),
    ]);
  }

  /** The load right now. */
  load(): Load {
    const { clock } = this.#options;
    return this.#load.report(clock.wallClock(clock.now()));
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
