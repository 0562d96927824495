/**
 * The access log of one worker. The worker formats lines and collects them in batches; the main
 * thread writes the batches, so that lines of several workers never mix. One batch is under way at
 * a time: behind a slow reader the next batch grows up to a bound, and further lines are dropped
 * and counted.
 *
 * @module
 */
import { type AccessLine, accessLine } from "./access_log_format.ts";
import type { AccessStyle } from "../../log/style.ts";
import type { KeyRedaction } from "./key_redaction.ts";
import { LineBatch } from "./log_batch.ts";
import type { RecordListener, RecordSampler } from "./record_sampler.ts";
import type { RequestRecord } from "./request_record.ts";
import type { OwnCounters } from "../stats/counters.ts";

/** A batch of this size is sent before the next tick. */
const BATCH_BYTES = 256 * 1024;

/** Most waiting bytes: at full speed the lines of a quarter of a second. */
export const WAITING_BYTES = 2 * 1024 * 1024;

const NONE = -1;

/** Takes a batch: whole lines, and the number of lines lost since the previous batch. */
export type BatchTaker = (lines: Uint8Array<ArrayBuffer>, lost: number) => void;

/** Options of an {@linkcode AccessLog}. */
interface AccessLogOptions {
  readonly style: AccessStyle;
  /** Redacts keys. */
  readonly keys: KeyRedaction;
  readonly recorder: RecordSampler;
  readonly counters: OwnCounters;
  readonly take: BatchTaker;
}

/** Formats records as lines. */
export class AccessLog implements RecordListener {
  readonly #options: AccessLogOptions;
  readonly #line: AccessLine;
  readonly #batch = new LineBatch(WAITING_BYTES);
  /** Lines lost since the previous batch. */
  #lost = 0;
  /** Number of lines in the batch under way; -1 if there is none. */
  #sent = NONE;

  constructor(options: AccessLogOptions) {
    this.#options = options;
    this.#line = accessLine(options.style, options.keys);
    options.recorder.listeners.push(this);
    options.recorder.readsFields = options.style === "combined";
  }

  recorded(record: RequestRecord): void {
    const { recorder } = this.#options;
    if (!record.sampled && !(record.failed && recorder.catches)) return;
    if (!this.#batch.add(this.#line(record))) return this.#lose(1);
    if (this.#batch.length >= BATCH_BYTES) this.tick();
  }

  /** Sends the waiting lines, unless a batch is under way. */
  tick(): void {
    if (this.#sent === NONE) this.flush();
  }

  /** Sends the waiting lines. */
  flush(): void {
    const { count } = this.#batch;
    const lost = this.#lost;
    if (count === 0 && lost === 0) return;
    this.#sent = count;
    this.#lost = 0;
    this.#options.take(this.#batch.take(), lost);
  }

  /** The batch was written, or could not be. */
  written(written: boolean): void {
    if (written) this.#options.counters.logged(this.#sent);
    else this.#lose(this.#sent);
    this.#sent = NONE;
    if (this.#batch.length >= BATCH_BYTES) this.tick();
  }

  #lose(lines: number): void {
    this.#lost += lines;
    this.#options.counters.unlogged(lines);
  }
}
