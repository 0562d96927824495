/**
 * Keeps the output of ended instances for a while.
 *
 * @module
 */
import type { ChildOutput } from "./child_output.ts";
import { settledWithin } from "./deadline.ts";

/** Number of ended instances that are kept. */
const KEPT = 32;

/** Longest wait for the last output of an ended instance, in milliseconds. */
const LAST_MS = 250;

/** An ended instance. */
interface Ended {
  readonly output: ChildOutput;
  /** Exit code or signal, as text. */
  readonly reason: string;
}

/** Outputs and ends of the last instances that ended. */
export class EndedOutputs {
  /** By instance id, oldest first. */
  readonly #outputs = new Map<string, Ended>();

  /**
   * Keeps the output of an instance that has just ended; drops the oldest one if there are too
   * many.
   *
   * @param id id of the instance
   * @param output its output; descendants may still write
   * @param reason how it ended
   */
  async keep(id: string, output: ChildOutput, reason: string): Promise<void> {
    this.#outputs.set(id, { output, reason });
    const [oldest] = this.#outputs;
    if (!oldest || this.#outputs.size <= KEPT) return;
    this.#outputs.delete(oldest[0]);
    await oldest[1].output.close();
  }

  /** Returns how an instance ended; undefined if it runs, or is no longer kept. */
  reason(id: string): string | undefined {
    return this.#outputs.get(id)?.reason;
  }

  /**
   * Returns the last lines of an ended instance.
   *
   * @param id id of the instance
   * @returns undefined if it runs, or is no longer kept
   */
  async lines(id: string): Promise<readonly string[] | undefined> {
    const output = this.#outputs.get(id)?.output;
    if (output) await settledWithin(output.ended, LAST_MS);
    return output?.lines;
  }

  /** Ends the reading after a short wait for the last output. */
  async close(): Promise<void> {
    await Promise.all([...this.#outputs.values()].map(async ({ output }) => {
      await settledWithin(output.ended, LAST_MS);
      await output.close();
    }));
  }
}
