/**
 * What an attack on the balancer is, and what it returns.
 *
 * @module
 */

/** Bounds of a run. */
export interface AttackOptions {
  /** Requests or messages that the attack sends; against each server, where there are several. */
  readonly count: number;
  /** Where random numbers begin: the same seed sends the same bytes. */
  readonly seed: number;
  /** Seconds that a flood lasts. */
  readonly seconds: number;
}

/** One line of the table. */
export interface Result {
  /** The way in or the server that was attacked. */
  readonly against: string;
  /** Number of requests, messages or connections. */
  readonly tried: number;
  /** What the balancer let happen and must not; empty where it held. */
  readonly fallen: readonly string[];
  /** Figures of the run. */
  readonly note: string;
}

/** One attack. It starts a balancer of its own on loopback, and ends it. */
export interface Attack {
  /** Name on the command line. */
  readonly name: string;
  /** What is attacked, in a few words. */
  readonly about: string;
  /** Default of {@linkcode AttackOptions.count}. */
  readonly count: number;
  readonly run: (options: AttackOptions) => Promise<readonly Result[]>;
}

/** Most findings that a result keeps: one fault may show a thousand times. */
const MOST_FINDINGS = 20;

/** What a run found so far. */
export class Findings {
  readonly #fallen: string[] = [];
  #count = 0;

  /** @param finding one line that repeats the fault: what was sent and what happened */
  add(finding: string): void {
    this.#count++;
    if (this.#fallen.length < MOST_FINDINGS) this.#fallen.push(finding);
  }

  /** The findings, with the number of those that were left out. */
  get all(): readonly string[] {
    const more = this.#count - this.#fallen.length;
    return more === 0 ? this.#fallen : [...this.#fallen, `and ${more} more`];
  }
}

/**
 * Runs tasks, several at a time.
 *
 * @param tasks what to do, in this order
 * @param lanes how many run at once
 */
export async function inLanes<T>(
  tasks: Iterable<T>,
  lanes: number,
  run: (task: T) => Promise<void>,
): Promise<void> {
  const left = tasks[Symbol.iterator]();
  await Promise.all(Array.from({ length: lanes }, async () => {
    for (let next = left.next(); !next.done; next = left.next()) await run(next.value);
  }));
}
