/**
 * The interface of an attack on the balancer, and its result.
 *
 * @module
 */

/** Bounds of a run. */
export interface AttackOptions {
  /** Requests or messages that the attack sends; per server, if there are several. */
  readonly count: number;
  /** The seed of the random numbers: the same seed sends the same bytes. */
  readonly seed: number;
  /** Seconds that a flood lasts. */
  readonly seconds: number;
}

/** One line of the table. */
export interface Result {
  /** The attacked entrance or server. */
  readonly against: string;
  /** Number of requests, messages or connections. */
  readonly tried: number;
  /** Forbidden behaviour of the balancer; empty if it held. */
  readonly fallen: readonly string[];
  /** Figures of the run. */
  readonly note: string;
}

/** One attack. It starts its own balancer on loopback, and ends that balancer. */
export interface Attack {
  /** Name on the command line. */
  readonly name: string;
  /** A short description of the target. */
  readonly about: string;
  /** Default of {@linkcode AttackOptions.count}. */
  readonly count: number;
  readonly run: (options: AttackOptions) => Promise<readonly Result[]>;
}

/** Limit on the findings of a result: one fault may show a thousand times. */
const MOST_FINDINGS = 20;

/** The findings of a run. */
export class Findings {
  readonly #fallen: string[] = [];
  #count = 0;

  /** @param finding one line that reproduces the fault: the bytes sent and the outcome */
  add(finding: string): void {
    this.#count++;
    if (this.#fallen.length < MOST_FINDINGS) this.#fallen.push(finding);
  }

  /** The findings, and the number of omitted ones. */
  get all(): readonly string[] {
    const more = this.#count - this.#fallen.length;
    return more === 0 ? this.#fallen : [...this.#fallen, `and ${more} more`];
  }
}

/**
 * Runs tasks, several at a time.
 *
 * @param tasks the tasks, in order
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
