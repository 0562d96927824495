/**
 * What stands before a line of text, as the logger of the main thread writes it. Workers do without
 * the logger itself: to load it takes longer than everything else that a worker needs.
 *
 * @module
 */

/** Times as ISO 8601 has them; what the lines of one second have in common is made once. */
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
 * The beginning of a line of text.
 *
 * @param timestamp as {@linkcode Timestamps} write it
 * @param warns whether it is about something that went wrong
 */
export function plainPrefix(timestamp: string, warns: boolean): string {
  const level = warns ? "WRN" : "INF";
  return `${timestamp.replace("T", " ")} +00:00 [${level}] ringkeeper·access: `;
}

/** The same for a terminal. */
export function colouredPrefix(timestamp: string, warns: boolean): string {
  const level = warns ? "33mWRN" : "32mINF";
  return `\x1b[2m${timestamp.replace("T", " ")} +00\x1b[0m \x1b[1m\x1b[${level}\x1b[0m ` +
    "\x1b[2mringkeeper·access:\x1b[0m ";
}
