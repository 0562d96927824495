/**
 * What a replica writes, as records of the log: one record for each line, with the text in a field.
 * A replica can forge no line of the log, and neither its flood nor a slow reader of the log holds
 * the replica up: lines above the rate are dropped and counted.
 *
 * @module
 */
import { getLogger, type Logger } from "@logtape/logtape";
import { LineReader } from "./line_reader.ts";

/** The two outputs of a process, by their index. */
const STREAMS = ["stdout", "stderr"] as const;

/** Bytes of lines that one replica may write in a second, over time. */
export const RATE_BYTES = 128 * 1024;

/** Bytes of lines that one replica may write at once. */
export const BURST_BYTES = 256 * 1024;

/** The fields of a record cost as much as these bytes, however short the line is. */
const RECORD_BYTES = 128;

/** Milliseconds between two warnings about dropped lines. */
const TELL_MS = 1000;

const SECOND_MS = 1000;

/** Writes the output of one replica to the log. */
export class ReplicaLog {
  /** The replica's name: a spare gets another one when it replaces a replica. */
  name: string;
  readonly #logger: Logger;
  /** For the count of dropped lines, which no flood of replicas' lines may displace. */
  readonly #program: Logger;
  readonly #streams: readonly LineReader[];
  /** When the bytes so far will have been written at the rate: a leaky bucket, in milliseconds. */
  #emptyAt = -Infinity;
  #dropped = 0;
  #telling: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param name the replica's name
   * @param logger of the program; records go to its child `replica`
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
   * Takes bytes that the replica wrote.
   *
   * @param stream 0 is standard output, 1 is standard error
   * @param bytes cut anywhere; not kept
   */
  feed(stream: number, bytes: Uint8Array): void {
    const dropped = this.#streams[stream]?.feed(bytes, () => this.#hasRoom()) ?? 0;
    if (dropped > 0) this.#drop(dropped);
  }

  /** Writes the last lines that no newline ended, and tells how many lines were dropped. */
  end(): void {
    for (const stream of this.#streams) stream.end();
    this.#tell();
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
    this.#telling ??= setTimeout(() => this.#tell(), TELL_MS);
  }

  #tell(): void {
    clearTimeout(this.#telling);
    this.#telling = undefined;
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
