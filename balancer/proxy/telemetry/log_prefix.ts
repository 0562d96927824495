/**
 * The prefix of a text line, as the main thread's logger writes it. Workers do without the logger
 * itself: loading it takes longer than all other modules of a worker.
 *
 * @module
 */

/** Times in ISO 8601; the common part of the lines of one second is built once. */
export class Timestamps {
  #second = -1;
  #prefix = "";

  /** @param epochMs milliseconds since the epoch @returns `2026-11-23T22:16:24.618`, in UTC */
  of(epochMs: number): string {
    const second = Math.floor(epochMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#prefix = new Date(1000 * second).toISOString().slice(0, -4);
    }
    return this.#prefix + String(Math.floor(epochMs) % 1000).padStart(3, "0");
  }
}

/**
 * Returns the prefix of a text line.
 *
 * @param timestamp as written by {@linkcode Timestamps}
 * @param warns whether the line reports a failure
 */
export function plainPrefix(timestamp: string, warns: boolean): string {
  const level = warns ? "WRN" : "INF";
  return `${timestamp.replace("T", " ")} +00:00 [${level}] ringkeeper·access: `;
}

/** Returns the same prefix, coloured for a terminal. */
export function colouredPrefix(timestamp: string, warns: boolean): string {
  const level = warns ? "33mWRN" : "32mINF";
  return `\x1b[2m${timestamp.replace("T", " ")} +00\x1b[0m \x1b[1m\x1b[${level}\x1b[0m ` +
    "\x1b[2mringkeeper·access:\x1b[0m ";
}
