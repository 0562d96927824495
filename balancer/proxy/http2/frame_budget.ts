/**
 * The budget of frames that ask for work and carry nothing.
 *
 * @module
 */
import { ConnectionError, ENHANCE_YOUR_CALM } from "./error_code.ts";

/** Frames that a client may send without a served request. */
export const BUDGET_FRAMES = 1000;

/** Frames that a served request pays back. */
const REQUEST_PAYS = 10;

/** Bytes of DATA to the client that pay for one frame: its updates of windows. */
const BYTES_A_FRAME = 1024;

/**
 * Ends floods of frames (CVE-2019-9511 to 9518, CVE-2023-44487, CVE-2024-24549): each frame without
 * content costs a part of the budget, served requests and time pay it back.
 */
export class FrameBudget {
  #left = BUDGET_FRAMES;
  #bytes = 0;

  /** Frames that may still be sent. */
  get left(): number {
    return this.#left;
  }

  /**
   * Takes frames from the budget.
   *
   * @param frames number of frames
   * @throws {ConnectionError} the budget is exhausted
   */
  spend(frames: number): void {
    this.#left -= frames;
    if (this.#left < 0) {
      throw new ConnectionError(
        ENHANCE_YOUR_CALM,
        `more than ${BUDGET_FRAMES} frames without content, or resets, for too few requests`,
      );
    }
  }

  /** Pays frames back. */
  earn(frames: number): void {
    this.#left = Math.min(this.#left + frames, BUDGET_FRAMES);
  }

  /** A request was served. */
  served(): void {
    this.earn(REQUEST_PAYS);
  }

  /**
   * DATA was sent, which the client answers with updates of two windows.
   *
   * @param bytes its length
   * @param whole whether it was all that there was to send: small windows do not pay for themselves
   */
  sent(bytes: number, whole: boolean): void {
    if (whole) this.earn(2);
    this.#bytes += bytes;
    this.earn(Math.floor(this.#bytes / BYTES_A_FRAME));
    this.#bytes %= BYTES_A_FRAME;
  }
}
