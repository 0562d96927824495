/**
 * The access log of one worker. Lines are put together here, in batches, and written by the main
 * thread, so that those of several workers never mix. One batch is on its way at a time: while
 * nobody reads it, the next one grows, up to a bound, and what is beyond that is lost and counted.
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

/** Bytes that are worth sending before the next tick. */
const BATCH_BYTES = 256 * 1024;

/** Bytes that wait at the most: at full speed they are the lines of a quarter of a second. */
export const WAITING_BYTES = 2 * 1024 * 1024;

const NONE = -1;

/** Takes a batch: whole lines, and how many were lost since the last one. */
export type BatchTaker = (lines: Uint8Array<ArrayBuffer>, lost: number) => void;

/** What an {@linkcode AccessLog} is made of. */
export interface AccessLogOptions {
  readonly style: AccessStyle;
  /** Write keys. */
  readonly keys: KeyRedaction;
  readonly recorder: RecordSampler;
  readonly tally: OwnCounters;
  readonly take: BatchTaker;
}

/** Turns records into lines. */
export class AccessLog implements RecordListener {
  readonly #options: AccessLogOptions;
  readonly #line: AccessLine;
  readonly #batch = new LineBatch(WAITING_BYTES);
  /** Lines that were lost since the last batch. */
  #lost = 0;
  /** Lines of the batch that is on its way; -1: none is. */
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

  /** Sends what there is, unless a batch is on its way. */
  tick(): void {
    if (this.#sent === NONE) this.flush();
  }

  /** Sends what there is. */
  flush(): void {
    const { count } = this.#batch;
    const lost = this.#lost;
    if (count === 0 && lost === 0) return;
    this.#sent = count;
    this.#lost = 0;
    this.#options.take(this.#batch.take(), lost);
  }

  /** The batch is written, or cannot be. */
  written(written: boolean): void {
    if (written) this.#options.tally.logged(this.#sent);
    else this.#lose(this.#sent);
    this.#sent = NONE;
    if (this.#batch.length >= BATCH_BYTES) this.tick();
  }

  #lose(lines: number): void {
    this.#lost += lines;
    this.#options.tally.unlogged(lines);
  }
}
