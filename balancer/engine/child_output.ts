/**
 * Reads the output of child processes: each line goes to the log, and the last lines are kept.
 *
 * @module
 */
import type { FailureLog } from "../failures.ts";
import { OutputTail } from "./output_tail.ts";
import type { ReplicaLog } from "./replica_log.ts";

const BUFFER_BYTES = 16_384;
/** After a read of this many bytes the next read waits: a flood is read at about 10 MB/s. */
const FLOOD_BYTES = 4096;
const REST_MS = 1;

/** Output of one child, read until no process holds its writing end. */
export class ChildOutput {
  readonly #tail = new OutputTail();
  readonly #readers: readonly ReadableStreamBYOBReader[];
  /** Resolves at the end of both outputs, or when they are closed. Never rejects. */
  readonly ended: Promise<void>;

  /**
   * @param child process with both outputs piped
   * @param log receives each line
   * @param failures records read errors
   */
  constructor(child: Deno.ChildProcess, log: ReplicaLog, failures: FailureLog) {
    this.#readers = [child.stdout, child.stderr].map((out) => out.getReader({ mode: "byob" }));
    const reading = this.#readers.map((reader, stream) => this.#read(reader, stream, log));
    this.ended = Promise.all(reading)
      .then(() => {}, (error) => failures.record("process.output", error))
      .then(() => log.end());
  }

  /** The last lines so far. */
  get lines(): readonly string[] {
    return this.#tail.lines;
  }

  /** Stops reading: a process that still writes gets a broken pipe. Never rejects. */
  async close(): Promise<void> {
    // A stream that failed rejects again here; its error was recorded before.
    await Promise.allSettled(this.#readers.map((reader) => reader.cancel()));
  }

  /**
   * Reads one output. A full log never blocks it: lines that the log does not take are dropped and
   * counted.
   */
  async #read(reader: ReadableStreamBYOBReader, stream: number, log: ReplicaLog): Promise<void> {
    let buffer = new ArrayBuffer(BUFFER_BYTES);
    for (;;) {
      const { value, done } = await reader.read(new Uint8Array(buffer));
      if (done || !value) return;
      this.#tail.feed(stream, value);
      log.feed(stream, value);
      // A flood must leave time of the event loop to other work.
      if (value.length >= FLOOD_BYTES) await new Promise((wake) => setTimeout(wake, REST_MS));
      buffer = value.buffer;
    }
  }
}
