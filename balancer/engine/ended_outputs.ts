/**
 * What instances wrote that have ended, for a while.
 *
 * @module
 */
import type { ChildOutput } from "./child_output.ts";
import { settledWithin } from "./deadline.ts";

/** How many are kept. */
const KEPT = 32;

/** How long is waited for what was written last, in milliseconds. */
const LAST_MS = 250;

/** How an instance ended. */
interface Ended {
  readonly output: ChildOutput;
  /** In words. */
  readonly reason: string;
}

/** The outputs of the instances that ended last, and how those ended. */
export class EndedOutputs {
  /** By the instance's id, oldest first. */
  readonly #outputs = new Map<string, Ended>();

  /**
   * Keeps what is known of an instance that has just ended; the oldest is forgotten for it.
   *
   * @param id the instance
   * @param output what it wrote, or whatever it started still writes
   * @param reason how it ended, in words
   */
  async keep(id: string, output: ChildOutput, reason: string): Promise<void> {
    this.#outputs.set(id, { output, reason });
    const [oldest] = this.#outputs;
    if (!oldest || this.#outputs.size <= KEPT) return;
    this.#outputs.delete(oldest[0]);
    await oldest[1].output.close();
  }

  /** How an instance ended; undefined when it did not, or too many did since. */
  reason(id: string): string | undefined {
    return this.#outputs.get(id)?.reason;
  }

  /**
   * The last lines of an instance that ended.
   *
   * @param id the instance
   * @returns undefined when it did not end, or too many did since
   */
  async lines(id: string): Promise<readonly string[] | undefined> {
    const output = this.#outputs.get(id)?.output;
    if (output) await settledWithin(output.ended, LAST_MS);
    return output?.lines;
  }

  /** Ends the reading, and before that waits a moment for what was written last. */
  async close(): Promise<void> {
    await Promise.all([...this.#outputs.values()].map(async ({ output }) => {
      await settledWithin(output.ended, LAST_MS);
      await output.close();
    }));
  }
}
