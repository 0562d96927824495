/**
 * Whether two balancers held the lease of their fleet at once, by their own words.
 *
 * An answer tells whether its balancer held the lease at some instant between the question and the
 * answer. A balancer that held it before and after another one did, within less than one lease, held
 * it at that time, too: a lease that was lost is not got back so soon.
 *
 * @module
 */

/** An answer of a balancer that held the lease. */
interface Held {
  readonly balancer: string;
  /** Instants of the question and of the answer, in milliseconds. */
  readonly asked: number;
  readonly answered: number;
}

/** The answers of all balancers. */
export class Healers {
  readonly #leaseMs: number;
  /** Within the last lease. */
  #held: Held[] = [];
  #overlaps = 0;

  /** @param leaseMs duration of the lease, in milliseconds */
  constructor(leaseMs: number) {
    this.#leaseMs = leaseMs;
  }

  /** The number of answers which show that another balancer held the lease at the same time. */
  get overlaps(): number {
    return this.#overlaps;
  }

  /**
   * Notes an answer.
   *
   * @param balancer id of the balancer
   * @param holds whether it held the lease
   * @param asked instant of the question, in milliseconds
   * @param answered instant of the answer, in milliseconds
   */
  note(balancer: string, holds: boolean, asked: number, answered: number): void {
    if (!holds) return;
    this.#held = this.#held.filter((one) => answered - one.asked < this.#leaseMs);
    const between = (first: Held) =>
      this.#held.some((other) =>
        other.balancer !== balancer && other.asked > first.answered && other.answered < asked
      );
    if (this.#held.some((one) => one.balancer === balancer && between(one))) this.#overlaps++;
    this.#held.push({ balancer, asked, answered });
  }
}
