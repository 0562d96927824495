/**
 * One worker as the main thread sees it: its messages, its unanswered questions, its start and end.
 *
 * @module
 */
import type { DrainDeadlines } from "../../view.ts";
import type { ByteStream } from "../transport/byte_stream.ts";
import { ChannelStreams, transferOf } from "../transport/channel_stream.ts";
import type { FromWorker, ToWorker } from "./messages.ts";

const WORKER = new URL("./main.ts", import.meta.url).href;

/**
 * Time for a worker to start listening, in milliseconds. A start takes a quarter of a second; on a
 * busy machine that also checks the modules first, forty seconds have been measured.
 */
const LISTEN_MS = 120_000;

/** Extra milliseconds for a worker to end after the deadlines of its requests. */
const END_MS = 5000;

/** A message of a worker that is not an answer to a question. */
export type ReportOfWorker = Exclude<
  FromWorker,
  { readonly type: "listening" | "stream" | "reconfigured" | "idle" | "maintained" | "challenged" }
>;

/** Options of a {@linkcode WorkerThread}. */
interface WorkerThreadOptions {
  readonly name: string;
  /** Row in shared memory: the worker's connections, and its requests in flight. */
  readonly row: number;
  /** Module that the worker runs; {@linkcode WORKER} if undefined. */
  readonly module: string | undefined;
  /** Time to start listening, in milliseconds; {@linkcode LISTEN_MS} if undefined. */
  readonly listenMs: number | undefined;
}

/** Receives the events of a worker. */
interface WorkerThreadListener {
  readonly message: (message: ReportOfWorker) => void;
  /** The worker crashed, did not listen in time, or did not end in time. */
  readonly crash: (message: string) => void;
  /** A control API call arrived through the worker. */
  readonly call: (stream: ByteStream) => void;
}

/** One worker. It starts with its creation, and listens after the message `open`. */
export class WorkerThread {
  readonly row: number;
  /** Resolves when the worker listens; rejects if it cannot, or does not in time. */
  readonly listening: Promise<void>;
  readonly #listener: WorkerThreadListener;
  readonly #worker: Worker;
  readonly #questions = new Map<number, (answer: boolean) => void>();
  readonly #calls: ChannelStreams;
  readonly #ended = Promise.withResolvers<void>();
  #asked = 0;

  constructor(
    { name, row, module = WORKER, listenMs = LISTEN_MS }: WorkerThreadOptions,
    listener: WorkerThreadListener,
  ) {
    this.row = row;
    this.#listener = listener;
    const worker = this.#worker = new Worker(module, { type: "module", name });
    this.#calls = new ChannelStreams(
      (id, frame) => worker.postMessage({ type: "stream", id, frame }, transferOf(frame)),
      listener.call,
    );
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.listening = promise;
    const fail = (message: string) => {
      reject(new Error(`${name}: ${message}`));
      listener.crash(`${name}: ${message}`);
    };
    const late = setTimeout(() => fail(`did not listen within ${listenMs} ms`), listenMs);
    this.#ended.promise.then(() => clearTimeout(late));
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if (data.type !== "listening") return this.#onMessage(data);
      clearTimeout(late);
      resolve();
    };
    worker.onerror = (event) => {
      event.preventDefault();
      fail(event.message);
    };
  }

  post(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  /**
   * Sends a message that the worker answers.
   *
   * @param message makes the message from the number of the question
   * @returns the answer; true if the worker ends before it answers
   */
  ask(message: (question: number) => ToWorker): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const question = ++this.#asked;
    this.#questions.set(question, resolve);
    this.post(message(question));
    return promise;
  }

  /**
   * Waits until the worker has ended. It cuts off overdue work by itself; a worker that hangs counts
   * as crashed.
   *
   * @param deadlines deadlines of its requests and streams
   */
  async end({ requestsMs, streamsMs }: DrainDeadlines): Promise<void> {
    const ms = Math.max(requestsMs, streamsMs) + END_MS;
    const late = setTimeout(() => this.#listener.crash(`did not end within ${ms} ms`), ms);
    await this.#ended.promise;
    clearTimeout(late);
  }

  /** Ends the worker at once. */
  terminate(): void {
    this.#worker.terminate();
  }

  /** The worker has ended: its questions are answered, and its calls are closed. */
  close(): void {
    for (const answer of this.#questions.values()) answer(true);
    this.#calls.end();
    this.#ended.resolve();
  }

  #onMessage(message: Exclude<FromWorker, { readonly type: "listening" }>): void {
    switch (message.type) {
      case "stream":
        return this.#calls.receive(message.id, message.frame);
      case "idle":
        return this.#onAnswer(message.question, message.idle);
      case "reconfigured":
      case "challenged":
      case "maintained":
        return this.#onAnswer(message.question, true);
      default:
        return this.#listener.message(message);
    }
  }

  #onAnswer(question: number, answer: boolean): void {
    this.#questions.get(question)?.(answer);
    this.#questions.delete(question);
  }
}
