/**
 * The data plane as the rest of the balancer sees it: a pool of workers that share the public port.
 * A crashed worker is replaced; the other workers keep serving.
 *
 * @module
 */
import type { FailureLog } from "../../failures.ts";
import { type AccessLogging, partOf } from "../../log/log_controls.ts";
import type {
  DataPlane,
  DrainDeadlines,
  Evidence,
  FailureCost,
  MaintenanceState,
  Sample,
  View,
} from "../../view.ts";
import { ChannelStreams, transferOf } from "../transport/channel_stream.ts";
import type { ByteStream } from "../transport/byte_stream.ts";
import type { Credentials } from "../transport/certificate_table.ts";
import type { SharedFiles } from "../transport/descriptor_budget.ts";
import { type FromWorker, type PlainView, plainView, type ToWorker } from "./messages.ts";
import type { ChallengeAnswers, ProxySettings } from "../settings.ts";
import type { DataPlaneCounts } from "../stats/counter_snapshot.ts";
import type { CounterReader } from "../stats/counter_table.ts";
import { SharedMemory } from "./shared_memory.ts";
import { ViewAcks } from "./view_acks.ts";

/** Options of {@linkcode DataPlaneWorkers}. */
interface DataPlaneOptions {
  readonly settings: ProxySettings;
  /** Receives each failure that is evidence about an instance. */
  readonly report: (evidence: Evidence) => void;
  /** Receives each worker's failure costs since its previous report. */
  readonly onCosts?: (costs: readonly FailureCost[]) => void;
  /** Receives, once a second from each worker, samples of how instances answered. */
  readonly onSamples?: (samples: readonly Sample[]) => void;
  /**
   * Called once for a version, when all workers route by that view or a later one. Skipped versions
   * are not reported.
   */
  readonly onApplied?: (version: number) => void;
  /**
   * Takes lines of the access log, and the number of lines lost before them.
   *
   * @returns whether the lines could be written; resolves as soon as that is known
   */
  readonly log?: (lines: Uint8Array, lost: number) => Promise<boolean>;
  readonly failures: FailureLog;
  /** File counts shared by all threads; without them the number of open files has no limit here. */
  readonly files?: SharedFiles;
  /** Serves a control API call that a worker hands over. */
  readonly onCall?: (stream: ByteStream) => void;
  /**
   * Time for a worker to start listening, in milliseconds; {@linkcode LISTEN_MS} unless a test sets
   * less.
   */
  readonly listenMs?: number;
  /** Certificates of the port that speaks TLS, the default first. */
  readonly credentials?: Credentials;
  /** Module that a worker runs; {@linkcode WORKER} unless a test sets its own. */
  readonly module?: string;
}

const WORKER = new URL("./main.ts", import.meta.url).href;

/**
 * Time for a worker to start listening, in milliseconds. A start takes a quarter of a second; on a
 * busy machine that also checks the modules first, forty seconds have been measured.
 */
const LISTEN_MS = 120_000;

/** Extra milliseconds for a worker to end after the deadlines of its requests. */
const END_MS = 5000;

/** Delay before a crashed worker is replaced, so that a worker that cannot start does not spin. */
const REPLACE_MS = 100;

/** Time for a worker to take changed settings, in milliseconds. */
const RECONFIGURE_MS = 5000;

/** One worker and its unanswered questions. */
interface Member {
  readonly worker: Worker;
  /** Row in shared memory: the worker's connections, and its requests in flight. */
  readonly row: number;
  readonly questions: Map<number, (answer: boolean) => void>;
  /** Control API calls that arrived through this worker. */
  readonly calls: ChannelStreams;
  readonly ended: PromiseWithResolvers<void>;
}

/** The workers of the data plane. */
export class DataPlaneWorkers implements DataPlane {
  readonly #options: DataPlaneOptions;
  readonly #memory: SharedMemory;
  readonly #members = new Set<Member>();
  readonly #acks = new ViewAcks<Member>();
  #view: PlainView | undefined;
  #credentials: Credentials;
  #settings: ProxySettings;
  #accessLogging: AccessLogging;
  #maintenance: MaintenanceState | undefined;
  #challenges: ChallengeAnswers = new Map();
  #question = 0;
  #ending = false;

  constructor(options: DataPlaneOptions) {
    this.#options = options;
    this.#settings = options.settings;
    const { workers } = options.settings;
    this.#accessLogging = options.settings.accessLogging;
    this.#credentials = plainCredentials(options.credentials);
    this.#memory = new SharedMemory(workers, options.files);
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
    this.#view = plainView(view, loads);
    this.#tellAll({ type: "view", view: this.#view, counters: replicas });
  }

  async idle(instance: string, deadlines: DrainDeadlines): Promise<boolean> {
    const answers = [...this.#members].map((member) => this.#ask(member, instance, deadlines));
    return (await Promise.all(answers)).every((idle) => idle);
  }

  /**
   * Begins, changes or ends a maintenance. Workers that start later know it, too.
   *
   * @param state the maintenance; undefined for none
   * @returns resolves when every worker answers by it
   */
  async maintain(state: MaintenanceState | undefined): Promise<void> {
    this.#maintenance = state;
    await Promise.all([...this.#members].map((member) => this.#maintain(member)));
  }

  /**
   * Answers challenges of certificate authorities. Workers that start later know them, too.
   *
   * @param answers the answers by token; they replace the previous ones
   * @returns resolves when every worker gives them
   */
  async challenge(answers: ChallengeAnswers): Promise<void> {
    this.#challenges = answers;
    await Promise.all([...this.#members].map((member) => this.#challenge(member)));
  }

  inFlight(instance: string): number {
    return this.#memory.inFlight(instance);
  }

  /** The settings in force. */
  get settings(): ProxySettings {
    return this.#settings;
  }

  /** Sampling of the access log. */
  get accessLogging(): AccessLogging {
    return this.#accessLogging;
  }

  /** Changes the sampling; each worker applies the change from its next request on. */
  set accessLogging(logging: AccessLogging) {
    this.#accessLogging = logging;
    this.#tellAll({ type: "access", part: partOf(logging) });
  }

  /** Presents other certificates to new connections. */
  certify(credentials: Credentials): void {
    this.#credentials = plainCredentials(credentials);
    this.#tellAll({ type: "certificates", credentials: this.#credentials });
  }

  /**
   * Changes the settings of all workers. A worker that starts later has them, too.
   *
   * @param settings the settings; the port and the number of workers stay
   * @returns resolves when every worker has taken them; a worker that does not answer within five
   *   seconds is recorded as a failure, and takes them when it answers again
   */
  async reconfigure(settings: ProxySettings): Promise<void> {
    this.#settings = settings;
    const taken = [...this.#members].map((member) =>
      this.#inquire(member, (question) => ({ type: "settings", settings, question }))
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
    this.#tellAll({ type: "end", deadlines });
    await Promise.all([...this.#members].map((member) => this.#endOf(member, deadlines)));
  }

  /** A worker cuts off overdue work by itself; a worker that hangs is terminated. */
  async #endOf(member: Member, { requestsMs, streamsMs }: DrainDeadlines): Promise<void> {
    const ms = Math.max(requestsMs, streamsMs) + END_MS;
    const late = setTimeout(() => this.#onCrash(member, `did not end within ${ms} ms`), ms);
    await member.ended.promise;
    clearTimeout(late);
  }

  #start(): Promise<void> {
    const row = this.#memory.takeRow();
    const name = `worker ${row + 1} of ${this.#options.settings.workers}`;
    const worker = new Worker(this.#options.module ?? WORKER, { type: "module", name });
    const calls = new ChannelStreams(
      (id, frame) => worker.postMessage({ type: "stream", id, frame }, transferOf(frame)),
      (stream) => this.#options.onCall ? this.#options.onCall(stream) : stream.close(),
    );
    const ended = Promise.withResolvers<void>();
    const member: Member = { worker, row, questions: new Map(), calls, ended };
    const listening = Promise.withResolvers<void>();
    this.#members.add(member);
    this.#acks.join(member);
    const fail = (message: string) => {
      listening.reject(new Error(`${name}: ${message}`));
      this.#onCrash(member, `${name}: ${message}`);
    };
    const { listenMs = LISTEN_MS } = this.#options;
    const late = setTimeout(() => fail(`did not listen within ${listenMs} ms`), listenMs);
    ended.promise.then(() => clearTimeout(late));
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if (data.type !== "listening") return this.#onMessage(member, data);
      clearTimeout(late);
      listening.resolve();
    };
    worker.onerror = (event) => {
      event.preventDefault();
      fail(event.message);
    };
    const settings = this.#settings;
    const { connections: counts, files } = this.#memory;
    const shared = { counts, files, sheets: this.#memory.sheets(row) };
    tell(member, { type: "open", settings, ...shared, credentials: this.#credentials });
    tell(member, { type: "access", part: partOf(this.#accessLogging) });
    if (this.#maintenance) void this.#maintain(member);
    if (this.#challenges.size > 0) void this.#challenge(member);
    if (this.#view) {
      tell(member, { type: "view", view: this.#view, counters: this.#memory.replicas });
    }
    return listening.promise;
  }

  #onMessage(member: Member, message: FromWorker): void {
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
      case "stream":
        return member.calls.receive(message.id, message.frame);
      case "idle":
        member.questions.get(message.question)?.(message.idle);
        member.questions.delete(message.question);
        return;
      case "challenged":
      case "maintained":
      case "reconfigured":
        member.questions.get(message.question)?.(true);
        member.questions.delete(message.question);
        return;
      case "ended":
        return this.#remove(member);
    }
  }

  async #log(member: Member, lines: Uint8Array, lost: number): Promise<void> {
    const written = await this.#options.log?.(lines, lost) ?? false;
    if (this.#members.has(member)) tell(member, { type: "logged", written });
  }

  /**
   * The worker's connections are lost; the other workers keep serving, and a new worker replaces
   * it.
   */
  #onCrash(member: Member, message: string): void {
    if (!this.#members.has(member)) return;
    member.worker.terminate();
    this.#remove(member);
    this.#options.failures.record("proxy.worker", message);
    if (this.#ending) return;
    setTimeout(() => {
      // A failed start is a crash, too, and is already recorded.
      if (!this.#ending) this.#start().catch(() => {});
    }, REPLACE_MS);
  }

  #remove(member: Member): void {
    this.#members.delete(member);
    this.#memory.giveBackRow(member.row);
    for (const answer of member.questions.values()) answer(true);
    member.calls.end();
    member.ended.resolve();
    this.#announce(this.#acks.leave(member));
  }

  #announce(version: number | undefined): void {
    if (version !== undefined) this.#options.onApplied?.(version);
  }

  #ask(member: Member, instance: string, deadlines: DrainDeadlines): Promise<boolean> {
    return this.#inquire(member, (question) => ({ type: "idle", question, instance, deadlines }));
  }

  /** Sends a message that the worker answers. */
  #inquire(member: Member, message: (question: number) => ToWorker): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const question = ++this.#question;
    member.questions.set(question, resolve);
    tell(member, message(question));
    return promise;
  }

  #maintain(member: Member): Promise<boolean> {
    const state = this.#maintenance;
    return this.#inquire(member, (question) => ({ type: "maintain", question, state }));
  }

  #challenge(member: Member): Promise<boolean> {
    const answers = this.#challenges;
    return this.#inquire(member, (question) => ({ type: "challenge", question, answers }));
  }

  #tellAll(message: ToWorker): void {
    for (const member of this.#members) tell(member, message);
  }
}

/** Without what the workers do not need. */
function plainCredentials(credentials: Credentials | undefined): Credentials {
  const { certificates = [], clientCa, awaited = [] } = credentials ?? {};
  return {
    certificates: certificates.map(({ cert, key, names }) => ({ cert, key, names })),
    clientCa,
    awaited,
  };
}

function tell({ worker }: Member, message: ToWorker): void {
  worker.postMessage(message);
}
