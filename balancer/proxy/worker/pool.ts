/**
 * The data plane as the rest of the balancer sees it: a pool of workers that share the public port.
 * A crashed worker is replaced; the other workers keep serving.
 *
 * @module
 */
import { type AccessLogging, partOf } from "../../log/log_controls.ts";
import type { DataPlane, DrainDeadlines, MaintenanceState, View } from "../../view.ts";
import type { ChallengeAnswers, ProxySettings } from "../settings.ts";
import type { DataPlaneCounts } from "../stats/counter_snapshot.ts";
import type { CounterReader } from "../stats/counter_table.ts";
import type { Credentials } from "../transport/certificate_table.ts";
import { plainView, type ToWorker } from "./messages.ts";
import type { DataPlaneOptions } from "./pool_options.ts";
import { SharedMemory } from "./shared_memory.ts";
import { ViewAcks } from "./view_acks.ts";
import { WorkerState } from "./worker_state.ts";
import { type ReportOfWorker, WorkerThread } from "./worker_thread.ts";

/** Delay before a crashed worker is replaced, so that a worker that cannot start does not spin. */
const REPLACE_MS = 100;

/** Time for a worker to take changed settings, in milliseconds. */
const RECONFIGURE_MS = 5000;

/** The workers of the data plane. */
export class DataPlaneWorkers implements DataPlane {
  readonly #options: DataPlaneOptions;
  readonly #memory: SharedMemory;
  readonly #members = new Set<WorkerThread>();
  readonly #acks = new ViewAcks<WorkerThread>();
  readonly #state: WorkerState;
  #ending = false;

  constructor(options: DataPlaneOptions) {
    this.#options = options;
    const { settings, credentials, files } = options;
    this.#state = new WorkerState(settings, credentials);
    this.#memory = new SharedMemory(settings.workers, files);
  }

  /**
   * Starts the workers; resolves when all of them listen. They start with the view published so
   * far.
   *
   * @throws {Error} a worker could not listen, or did not in time
   */
  async open(): Promise<void> {
    const { workers } = this.#options.settings;
    await Promise.all(Array.from({ length: workers }, () => this.#start()));
  }

  publish(view: View): void {
    const { loads, replicas } = this.#memory.assign(view, this.#acks.inForce);
    this.#state.view = plainView(view, loads);
    this.#postAll({ type: "view", view: this.#state.view, counters: replicas });
  }

  async idle(instance: string, deadlines: DrainDeadlines): Promise<boolean> {
    const answers = [...this.#members].map((member) =>
      member.ask((question) => ({ type: "idle", question, instance, deadlines }))
    );
    return (await Promise.all(answers)).every((idle) => idle);
  }

  /**
   * Begins, changes or ends a maintenance. Workers that start later know it, too.
   *
   * @param state the maintenance; undefined for none
   * @returns resolves when every worker answers by it
   */
  maintain(state: MaintenanceState | undefined): Promise<void> {
    this.#state.maintenance = state;
    return this.#suspend();
  }

  /**
   * Refuses new requests, or serves them again, because this balancer has lost the others.
   *
   * @returns resolves when every worker answers by it
   */
  isolate(isolated: boolean): Promise<void> {
    this.#state.isolated = isolated;
    return this.#suspend();
  }

  async #suspend(): Promise<void> {
    await Promise.all([...this.#members].map((member) => this.#state.suspend(member)));
  }

  /**
   * Answers challenges of certificate authorities. Workers that start later know them, too.
   *
   * @param answers the answers by token; they replace the previous ones
   * @returns resolves when every worker gives them
   */
  async challenge(answers: ChallengeAnswers): Promise<void> {
    this.#state.challenges = answers;
    await Promise.all([...this.#members].map((member) => this.#state.challenge(member)));
  }

  inFlight(instance: string): number {
    return this.#memory.inFlight(instance);
  }

  /** The settings in force. */
  get settings(): ProxySettings {
    return this.#state.settings;
  }

  /** Sampling of the access log. */
  get accessLogging(): AccessLogging {
    return this.#state.accessLogging;
  }

  /** Changes the sampling; each worker applies the change from its next request on. */
  set accessLogging(logging: AccessLogging) {
    this.#state.accessLogging = logging;
    this.#postAll({ type: "access", part: partOf(logging) });
  }

  /** Presents other certificates to new connections. */
  certify(credentials: Credentials): void {
    this.#state.credentials = credentials;
    this.#postAll({ type: "certificates", credentials: this.#state.credentials });
  }

  /**
   * Changes the settings of all workers. A worker that starts later has them, too.
   *
   * @param settings the settings; the port and the number of workers stay
   * @returns resolves when every worker has taken them; a worker that does not answer within five
   *   seconds is recorded as a failure, and takes them when it answers again
   */
  async reconfigure(settings: ProxySettings): Promise<void> {
    this.#state.settings = settings;
    const taken = [...this.#members].map((member) =>
      member.ask((question) => ({ type: "settings", settings, question }))
    );
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      this.#options.failures.record("proxy.settings", `no answer within ${RECONFIGURE_MS} ms`);
      late.resolve();
    }, RECONFIGURE_MS);
    await Promise.race([Promise.all(taken), late.promise]);
    clearTimeout(timer);
  }

  /** Counts of all workers: since the start, or for a replica since it joined. */
  counts(): DataPlaneCounts {
    return this.#memory.counts();
  }

  /** The same, in slices; see {@linkcode CounterTable.countsInSlices}. */
  countsInSlices(pause: () => Promise<void>): Promise<DataPlaneCounts> {
    return this.#memory.countsInSlices(pause);
  }

  /** The counters of the workers, for reading only. */
  get counters(): CounterReader {
    return this.#memory.counters;
  }

  /**
   * Stops accepting, lets running requests finish, and ends the workers.
   *
   * @param deadlines requests and streams that run longer are cut off
   */
  async end(deadlines: DrainDeadlines): Promise<void> {
    this.#ending = true;
    this.#postAll({ type: "end", deadlines });
    await Promise.all([...this.#members].map((member) => member.end(deadlines)));
  }

  #start(): Promise<void> {
    const { listenMs, module, onCall } = this.#options;
    const row = this.#memory.takeRow();
    const name = `worker ${row + 1} of ${this.#options.settings.workers}`;
    const member: WorkerThread = new WorkerThread({ name, row, module, listenMs }, {
      message: (message) => this.#onMessage(member, message),
      crash: (message) => this.#onCrash(member, message),
      call: (stream) => onCall ? onCall(stream) : stream.close(),
    });
    this.#members.add(member);
    this.#acks.join(member);
    this.#state.open(member, this.#memory);
    return member.listening;
  }

  #onMessage(member: WorkerThread, message: ReportOfWorker): void {
    switch (message.type) {
      case "evidence":
        return this.#options.report(message.evidence);
      case "costs":
        return this.#options.onCosts?.(message.costs);
      case "samples":
        return this.#options.onSamples?.(message.samples);
      case "lines":
        return void this.#log(member, message.lines, message.lost);
      case "published":
        return this.#announce(this.#acks.applied(member, message.version));
      case "failure":
        return this.#options.failures.record(message.action, message.message);
      case "ended":
        return this.#remove(member);
    }
  }

  async #log(member: WorkerThread, lines: Uint8Array, lost: number): Promise<void> {
    const written = await this.#options.log?.(lines, lost) ?? false;
    if (this.#members.has(member)) member.post({ type: "logged", written });
  }

  /**
   * The worker's connections are lost; the other workers keep serving, and a new worker replaces
   * it.
   */
  #onCrash(member: WorkerThread, message: string): void {
    if (!this.#members.has(member)) return;
    member.terminate();
    this.#remove(member);
    this.#options.failures.record("proxy.worker", message);
    if (this.#ending) return;
    setTimeout(() => {
      // A failed start is a crash, too, and is already recorded.
      if (!this.#ending) this.#start().catch(() => {});
    }, REPLACE_MS);
  }

  #remove(member: WorkerThread): void {
    this.#members.delete(member);
    this.#memory.giveBackRow(member.row);
    member.close();
    this.#announce(this.#acks.leave(member));
  }

  #announce(version: number | undefined): void {
    if (version !== undefined) this.#options.onApplied?.(version);
  }

  #postAll(message: ToWorker): void {
    for (const member of this.#members) member.post(message);
  }
}
