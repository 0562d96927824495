/**
 * The output of a replica as log records: one record per line, with the text in a field. A replica
 * cannot forge a line of the log. Neither a flood nor a slow reader of the log blocks the replica:
 * lines above the rate are dropped and counted.
 *
 * @module
 */
import { getLogger, type Logger } from "@logtape/logtape";
import { LineReader } from "./line_reader.ts";

/** The outputs of a process, by index. */
const STREAMS = ["stdout", "stderr"] as const;

/** Sustained rate of one replica's lines, in bytes per second. */
export const RATE_BYTES = 128 * 1024;

/** Burst of one replica's lines, in bytes. */
export const BURST_BYTES = 256 * 1024;

/** Cost of a record's fields, in bytes, in addition to the line. */
const RECORD_BYTES = 128;

/** Interval between warnings about dropped lines, in milliseconds. */
const REPORT_MS = 1000;

const SECOND_MS = 1000;

/** Writes the output of one replica to the log. */
export class ReplicaLog {
  /** The replica's name. A spare gets a new one when it replaces a replica. */
  name: string;
  readonly #logger: Logger;
  /** Logger of dropped lines, which a flood of replicas' lines must not displace. */
  readonly #program: Logger;
  readonly #streams: readonly LineReader[];
  /** When the bucket is empty: a leaky bucket, in milliseconds of `performance.now()`. */
  #emptyAt = -Infinity;
  #dropped = 0;
  #reportTimer: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param name the replica's name
   * @param logger logger of the program; records go to its child `replica`
   */
  constructor(name: string, logger: Logger = getLogger("ringkeeper")) {
    this.name = name;
    this.#program = logger;
    this.#logger = logger.getChild("replica");
    this.#streams = STREAMS.map((stream) =>
      new LineReader((text, cutBytes) => this.#write(stream, text, cutBytes))
    );
  }

  /**
   * Adds bytes of the output.
   *
   * @param stream 0 is standard output, 1 is standard error
   * @param bytes any part of the output; not kept
   */
  feed(stream: number, bytes: Uint8Array): void {
    const dropped = this.#streams[stream]?.feed(bytes, () => this.#hasRoom()) ?? 0;
    if (dropped > 0) this.#drop(dropped);
  }

  /** Writes the unfinished last lines, and the number of dropped lines. */
  end(): void {
    for (const stream of this.#streams) stream.end();
    this.#reportLost();
  }

  #hasRoom(): boolean {
    return this.#emptyAt - performance.now() < SECOND_MS * BURST_BYTES / RATE_BYTES;
  }

  #write(stream: string, text: string, cutBytes: number): void {
    const costMs = SECOND_MS * (text.length + RECORD_BYTES) / RATE_BYTES;
    this.#emptyAt = Math.max(this.#emptyAt, performance.now()) + costMs;
    const fields = { replica: this.name, stream, text };
    if (cutBytes === 0) return this.#logger.info("{replica} {stream}: {text}", fields);
    const message = "{replica} {stream}: {text} ({cutBytes} more bytes of this line are left out)";
    this.#logger.info(message, { ...fields, cutBytes });
  }

  #drop(lines: number): void {
    this.#dropped += lines;
    this.#reportTimer ??= setTimeout(() => this.#reportLost(), REPORT_MS);
  }

  #reportLost(): void {
    clearTimeout(this.#reportTimer);
    this.#reportTimer = undefined;
    const lines = this.#dropped;
    if (lines === 0) return;
    this.#dropped = 0;
    this.#program.warn(
      "{replica}: {lines} lines of its output were dropped: it writes more than " +
        "{rateBytes} bytes a second",
      { replica: this.name, lines, rateBytes: RATE_BYTES },
    );
  }
}
