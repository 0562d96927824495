/**
 * What child processes write: passed on to this process's own output, and its last lines kept.
 *
 * @module
 */
import type { FailureLog } from "../failures.ts";
import { LastWords } from "./last_words.ts";

/** One of this process's own outputs. */
interface Outlet {
  write(bytes: Uint8Array): Promise<number>;
}

const BUFFER_BYTES = 16_384;
/** Whoever writes more than this at once gets a rest: a flood comes to some 10 MB/s. */
const FLOOD_BYTES = 4096;
const REST_MS = 1;

/** Passes on what many children write until one of the outputs takes no more. */
export class PassedOn {
  readonly #outlet: Outlet;
  readonly #failures: FailureLog;
  #closed = false;

  /**
   * @param outlet where it goes
   * @param failures told once that the outlet takes no more
   */
  constructor(outlet: Outlet, failures: FailureLog) {
    this.#outlet = outlet;
    this.#failures = failures;
  }

  /** @param bytes written as a whole, or dropped once the outlet has failed */
  async write(bytes: Uint8Array): Promise<void> {
    try {
      for (let done = 0; done < bytes.length && !this.#closed;) {
        done += await this.#outlet.write(bytes.subarray(done));
      }
    } catch (error) {
      if (!this.#closed) this.#failures.record("process.output", error);
      this.#closed = true;
    }
  }
}

/** Where the standard output and the standard error of children go. */
export type Outlets = readonly [stdout: PassedOn, stderr: PassedOn];

/** The output of one child, read for as long as somebody could write to it. */
export class ChildOutput {
  readonly #words = new LastWords();
  readonly #readers: readonly ReadableStreamBYOBReader[];
  /** Resolves once nobody can write any more, or nobody reads. Never rejects. */
  readonly ended: Promise<void>;

  /**
   * @param child with both outputs piped
   * @param outlets where they go
   * @param failures told when reading fails
   */
  constructor(child: Deno.ChildProcess, outlets: Outlets, failures: FailureLog) {
    this.#readers = [child.stdout, child.stderr].map((out) => out.getReader({ mode: "byob" }));
    const reading = this.#readers.map((reader, stream) => this.#pass(reader, stream, outlets));
    this.ended = Promise.all(reading).then(
      () => {},
      (error) => failures.record("process.output", error),
    );
  }

  /** The last lines so far. */
  get lines(): readonly string[] {
    return this.#words.lines;
  }

  /** Reads no more. Whoever still writes gets a broken pipe. Never rejects. */
  async close(): Promise<void> {
    // A stream that had failed says so again; that was recorded when it did.
    await Promise.allSettled(this.#readers.map((reader) => reader.cancel()));
  }

  /**
   * Reads only what the outlet took: where that is slow, the child has to wait, as it would if it
   * wrote there itself.
   */
  async #pass(reader: ReadableStreamBYOBReader, stream: number, outlets: Outlets): Promise<void> {
    let buffer = new ArrayBuffer(BUFFER_BYTES);
    for (;;) {
      const { value, done } = await reader.read(new Uint8Array(buffer));
      if (done || !value) return;
      this.#words.feed(stream, value);
      await outlets[stream]?.write(value);
      // Even a flood shall leave the event loop to others.
      if (value.length >= FLOOD_BYTES) await new Promise((wake) => setTimeout(wake, REST_MS));
      buffer = value.buffer;
    }
  }
}
