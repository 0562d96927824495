/**
 * The access log of one worker. Lines are put together here, in batches, and written by the main
 * thread, so that those of several workers never mix. One batch is on its way at a time: while
 * nobody reads it, the next one grows, up to a bound, and what is beyond that is lost and counted.
 *
 * @module
 */
import { type AccessLine, accessLine } from "./access_line.ts";
import type { LogStyle } from "../log/style.ts";
import type { KeySource } from "../setting_values.ts";
import type { Recorder, RecordListener } from "./recorder.ts";
import type { RequestRecord } from "./request_record.ts";
import type { WorkerTally } from "./tally.ts";

/** Lines that are worth sending before the next tick, in characters. */
const BATCH_LENGTH = 128 * 1024;

/** Lines that wait at the most: at full speed they are those of a quarter of a second. */
export const WAITING_LENGTH = 2 * 1024 * 1024;

const NONE = -1;

/** Takes a batch: whole lines, and how many were lost since the last one. */
export type BatchTaker = (lines: Uint8Array<ArrayBuffer>, lost: number) => void;

/** What an {@linkcode AccessLog} is made of. */
export interface AccessLogOptions {
  readonly style: LogStyle;
  readonly keySource: KeySource;
  readonly recorder: Recorder;
  readonly tally: WorkerTally;
  readonly take: BatchTaker;
}

/** Turns records into lines. */
export class AccessLog implements RecordListener {
  readonly #options: AccessLogOptions;
  readonly #line: AccessLine;
  readonly #encoder = new TextEncoder();
  #lines = "";
  #count = 0;
  /** Lines that were lost since the last batch. */
  #lost = 0;
  /** Lines of the batch that is on its way; -1: none is. */
  #sent = NONE;

  constructor(options: AccessLogOptions) {
    this.#options = options;
    this.#line = accessLine(options.style, options.keySource);
    options.recorder.listeners.push(this);
  }

  recorded(record: RequestRecord): void {
    const { recorder } = this.#options;
    if (!record.sampled && !(record.failed && recorder.catches)) return;
    if (this.#lines.length >= WAITING_LENGTH) return this.#lose(1);
    this.#lines += this.#line(record);
    this.#count++;
    if (this.#lines.length >= BATCH_LENGTH) this.tick();
  }

  /** Sends what there is, unless a batch is on its way. */
  tick(): void {
    if (this.#sent === NONE) this.flush();
  }

  /** Sends what there is. */
  flush(): void {
    if (this.#count === 0 && this.#lost === 0) return;
    const lines = this.#encoder.encode(this.#lines);
    const lost = this.#lost;
    this.#sent = this.#count;
    this.#lines = "";
    this.#count = this.#lost = 0;
    this.#options.take(lines, lost);
  }

  /** The batch is written, or cannot be. */
  written(written: boolean): void {
    if (written) this.#options.tally.logged(this.#sent);
    else this.#lose(this.#sent);
    this.#sent = NONE;
    if (this.#lines.length >= BATCH_LENGTH) this.tick();
  }

  #lose(lines: number): void {
    this.#lost += lines;
    this.#options.tally.unlogged(lines);
  }
}
