/**
 * Limits the evidence that one worker sends: a replica that dies under load fails thousands of
 * requests at once, and the first reports suffice.
 *
 * @module
 */

/** Most pieces of evidence a second. */
export const EVIDENCE_PER_S = 256;

/** Counts evidence by the second. */
export class EvidenceLimiter {
  #second = -1;
  #count = 0;
  #dropped = 0;

  /**
   * Whether one more piece may be sent; a suppressed piece is counted.
   *
   * @param nowMs the time in milliseconds
   */
  allow(nowMs: number): boolean {
    const second = Math.floor(nowMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#count = 0;
    }
    if (++this.#count <= EVIDENCE_PER_S) return true;
    this.#dropped++;
    return false;
  }

  /**
   * Returns, once, the number of suppressed pieces in past seconds.
   *
   * @param nowMs the time in milliseconds
   */
  takeDropped(nowMs: number): number {
    if (this.#dropped === 0 || Math.floor(nowMs / 1000) === this.#second) return 0;
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }
}
