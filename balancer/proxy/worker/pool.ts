/**
 * The data plane as the rest of the balancer sees it: a number of workers that share the public
 * port. One that crashes is replaced, and no other notices.
 *
 * @module
 */
import type { FailureLog } from "../../failures.ts";
import { type AccessLogging, partOf } from "../../log/dials.ts";
import type { DataPlane, DrainDeadlines, Evidence, FailureCost, Sample, View } from "../../view.ts";
import { ChannelStreams, transferOf } from "../transport/channel_stream.ts";
import type { ByteStream } from "../transport/byte_stream.ts";
import {
  type SharedCounts,
  sharedCounts,
  strikeOutConnections,
} from "../downstream/connection_limits.ts";
import { type SharedFiles, sharedFiles, strikeOutFiles } from "../transport/descriptor_budget.ts";
import { LoadCells, type LoadMap } from "../upstream/load_cells.ts";
import type { FromWorker, PlainView, ToWorker } from "./messages.ts";
import type { ProxySettings } from "../settings.ts";
import type { DataPlaneCounts } from "../stats/counter_snapshot.ts";
import { type SharedLoads, sharedLoads } from "../upstream/shared_load.ts";
import { CounterTable, type Durations } from "../stats/counter_table.ts";
import { ViewAcks } from "./view_acks.ts";

/** What {@linkcode DataPlaneWorkers} are made of. */
export interface DataPlaneOptions {
  readonly settings: ProxySettings;
  /** Told of each failure that says something about an instance. */
  readonly report: (evidence: Evidence) => void;
  /** Told by each worker what failures cost its requests since it told last. */
  readonly onTolls?: (tolls: readonly FailureCost[]) => void;
  /** Told by each worker, once a second, how instances answered. */
  readonly onSamples?: (samples: readonly Sample[]) => void;
  /**
   * Told, once for a version, that all workers route by that view or a later one. Versions that
   * were passed over are left out.
   */
  readonly onApplied?: (version: number) => void;
  /**
   * Takes lines of the access log, and how many were lost on the way.
   *
   * @returns whether they could be written, as soon as that is known
   */
  readonly log?: (lines: Uint8Array, lost: number) => Promise<boolean>;
  readonly failures: FailureLog;
  /** Where all threads count their files; unless it is given, how many there may be is not known. */
  readonly files?: SharedFiles;
  /** Serves a call of the control API that a worker hands over. */
  readonly onCall?: (stream: ByteStream) => void;
  /** Milliseconds for a worker to listen, {@linkcode LISTEN_MS} unless a test has less patience. */
  readonly listenMs?: number;
  /** Module that a worker runs, {@linkcode WORKER} unless a test has its own. */
  readonly module?: string;
}

const WORKER = new URL("./main.ts", import.meta.url).href;

/**
 * Milliseconds for a worker to listen. It takes a quarter of a second, but on a machine that is busy
 * with other programs, and where the modules are checked first, that has been forty seconds.
 */
const LISTEN_MS = 120_000;

/** Milliseconds that a worker may take beyond the deadlines of what runs in it. */
const END_MS = 5000;

/** A worker that crashed is replaced after this time: one that cannot live must not spin. */
const REPLACE_MS = 100;

/** One worker and the questions that it has not answered. */
interface Member {
  readonly worker: Worker;
  /** Where it counts its connections, and what is in flight. */
  readonly row: number;
  readonly questions: Map<number, (idle: boolean) => void>;
  /** Calls of the control API that came through it. */
  readonly calls: ChannelStreams;
  readonly ended: PromiseWithResolvers<void>;
}

/** The workers of the data plane. */
export class DataPlaneWorkers implements DataPlane {
  readonly #options: DataPlaneOptions;
  readonly #counts: SharedCounts;
  readonly #files: SharedFiles;
  readonly #loads: SharedLoads;
  readonly #cells: LoadCells;
  readonly #tallies: CounterTable;
  /** Rows of what is shared that no worker counts in. */
  readonly #rows: number[];
  readonly #members = new Set<Member>();
  readonly #acks = new ViewAcks<Member>();
  #view: PlainView | undefined;
  #accessLogging: AccessLogging;
  #question = 0;
  #ending = false;

  constructor(options: DataPlaneOptions) {
    this.#options = options;
    const { workers } = options.settings;
    this.#accessLogging = options.settings.accessLogging;
    this.#counts = sharedCounts(workers);
    this.#files = options.files ?? sharedFiles(workers, 0);
    this.#loads = sharedLoads(workers);
    this.#cells = new LoadCells(this.#loads);
    this.#tallies = new CounterTable(workers);
    this.#rows = Array.from({ length: workers }, (_, row) => row);
  }

  /**
   * Starts the workers; resolves when all of them listen. What was published before is theirs, too.
   *
   * @throws {Error} a worker could not listen, or did not in time
   */
  async open(): Promise<void> {
    const { workers } = this.#options.settings;
    await Promise.all(Array.from({ length: workers }, () => this.#start()));
  }

  publish(view: View): void {
    this.#view = plain(view, this.#cells.assign(view, this.#acks.inForce));
    const tallies = this.#tallies.enroll(view.ring.options.members);
    this.#tellAll({ type: "view", view: this.#view, tallies });
  }

  async idle(instance: string, deadlines: DrainDeadlines): Promise<boolean> {
    const answers = [...this.#members].map((member) => this.#ask(member, instance, deadlines));
    return (await Promise.all(answers)).every((idle) => idle);
  }

  inFlight(instance: string): number {
    return this.#cells.inFlight(instance);
  }

  /** Of how many requests the access log tells. */
  get accessLogging(): AccessLogging {
    return this.#accessLogging;
  }

  /** Has it tell of so many from now on: in each worker from its next request on. */
  set accessLogging(logging: AccessLogging) {
    this.#accessLogging = logging;
    this.#tellAll({ type: "access", part: partOf(logging) });
  }

  /** What the workers counted, since the start or since a replica joined. */
  counts(): DataPlaneCounts {
    return this.#tallies.counts();
  }

  /** How long requests took; see {@linkcode CounterTable.durations}. */
  durations(reused?: Durations): Durations {
    return this.#tallies.durations(reused);
  }

  /**
   * Accepts no more, lets running requests finish, and ends the workers.
   *
   * @param deadlines what runs longer is cut off
   */
  async end(deadlines: DrainDeadlines): Promise<void> {
    this.#ending = true;
    this.#tellAll({ type: "end", deadlines });
    await Promise.all([...this.#members].map((member) => this.#endOf(member, deadlines)));
  }

  /** A worker cuts off by itself what runs longer than it may; one that hangs does not. */
  async #endOf(member: Member, { requestsMs, streamsMs }: DrainDeadlines): Promise<void> {
    const ms = Math.max(requestsMs, streamsMs) + END_MS;
    const late = setTimeout(() => this.#onCrash(member, `did not end within ${ms} ms`), ms);
    await member.ended.promise;
    clearTimeout(late);
  }

  #start(): Promise<void> {
    const row = this.#takeRow();
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
    const { settings } = this.#options;
    const sheets = { memory: this.#loads, tallies: this.#tallies.workers, row };
    tell(member, { type: "open", settings, counts: this.#counts, files: this.#files, sheets });
    tell(member, { type: "access", part: partOf(this.#accessLogging) });
    if (this.#view) {
      tell(member, { type: "view", view: this.#view, tallies: this.#tallies.replicas });
    }
    return listening.promise;
  }

  #onMessage(member: Member, message: FromWorker): void {
    switch (message.type) {
      case "evidence":
        return this.#options.report(message.evidence);
      case "tolls":
        return this.#options.onTolls?.(message.tolls);
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
      case "ended":
        return this.#remove(member);
    }
  }

  async #log(member: Member, lines: Uint8Array, lost: number): Promise<void> {
    const written = await this.#options.log?.(lines, lost) ?? false;
    if (this.#members.has(member)) tell(member, { type: "logged", written });
  }

  /** Its connections are gone with it; the others go on, and a new one takes its place. */
  #onCrash(member: Member, message: string): void {
    if (!this.#members.has(member)) return;
    member.worker.terminate();
    this.#remove(member);
    this.#options.failures.record("proxy.worker", message);
    if (this.#ending) return;
    setTimeout(() => {
      // A start that fails is a crash, too, and was recorded as one.
      if (!this.#ending) this.#start().catch(() => {});
    }, REPLACE_MS);
  }

  #remove(member: Member): void {
    this.#members.delete(member);
    this.#giveBackRow(member.row);
    for (const answer of member.questions.values()) answer(true);
    member.calls.end();
    member.ended.resolve();
    this.#announce(this.#acks.leave(member));
  }

  /**
   * There is a row for each worker, and none runs beside the one that replaces it. What that one
   * may have counted with its last breath is struck out.
   */
  #takeRow(): number {
    const row = this.#rows.pop();
    if (row === undefined) throw new Error("more workers than the settings say");
    this.#strikeOut(row);
    return row;
  }

  /** What a worker that crashed had broke off with it, and counts no more. */
  #giveBackRow(row: number): void {
    this.#strikeOut(row);
    this.#rows.push(row);
  }

  #strikeOut(row: number): void {
    strikeOutConnections(this.#counts, row);
    strikeOutFiles(this.#files, row);
    this.#cells.strikeOut(row);
    this.#tallies.strikeOut(row);
  }

  #announce(version: number | undefined): void {
    if (version !== undefined) this.#options.onApplied?.(version);
  }

  #ask(member: Member, instance: string, deadlines: DrainDeadlines): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const question = ++this.#question;
    member.questions.set(question, resolve);
    tell(member, { type: "idle", question, instance, deadlines });
    return promise;
  }

  #tellAll(message: ToWorker): void {
    for (const member of this.#members) tell(member, message);
  }
}

function tell({ worker }: Member, message: ToWorker): void {
  worker.postMessage(message);
}

function plain({ version, ring, ready, awaited, quarantined }: View, loads: LoadMap): PlainView {
  return {
    version,
    ring: ring.options,
    ready: [...ready.values()],
    awaited: [...awaited],
    quarantined: [...quarantined],
    loads,
  };
}
