/**
 * Finds the end of a head. The bytes may arrive in any pieces: each byte is examined once.
 *
 * @module
 */

const MAX_EMPTY_LINES = 4;

/**
 * Skips the few empty lines that a server should ignore before a request line (RFC 9112, 2.2). If
 * the last byte is a CR, wait for the next byte and call this function again before scanning.
 *
 * @param bytes buffer that holds the bytes
 * @param from index of the first byte
 * @param end index after the last byte
 * @returns index of the first byte that belongs to no empty line
 */
export function skipEmptyLines(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  for (let lines = 0; lines < MAX_EMPTY_LINES; lines++) {
    if (at + 1 >= end || bytes[at] !== 13 || bytes[at + 1] !== 10) break;
    at += 2;
  }
  return at;
}

/**
 * Finds the empty line that ends a head. Lines must end with CRLF: RFC 9112, 2.2 allows a recipient
 * to accept a bare LF, but recipients that differ in this make request smuggling possible.
 */
export class HeadScanner {
  /** Bytes of the first line so far, without its line end. */
  firstLineLength = 0;
  /** Number of complete field lines so far. */
  lines = 0;
  #inFirstLine = true;
  /** 0 at the start of a line, 1 inside a line; 2 and 3 are the same states after a CR. */
  #state = 0;

  /** Prepares for the next head. */
  reset(): void {
    this.firstLineLength = 0;
    this.lines = 0;
    this.#inFirstLine = true;
    this.#state = 0;
  }

  /**
   * Scans bytes that no earlier call has seen.
   *
   * @param bytes buffer that holds the bytes
   * @param from index of the first new byte
   * @param end index after the last byte
   * @returns index just after the empty line, -1 if more bytes are needed, or -2 for a bare CR or
   *   LF or a NUL
   */
  scan(bytes: Uint8Array, from: number, end: number): number {
    let state = this.#state;
    let at = from;
    while (at < end) {
      if (state >= 2) {
        if (bytes[at++] !== 10) return -2;
        if (state === 2) return at;
        this.#lineEnded();
        state = 0;
        continue;
      }
      const start = at;
      // The hot loop: every byte of a well-formed line except tabs is above CR.
      while (at < end && bytes[at]! > 13) at++;
      if (at > start) state = 1;
      if (this.#inFirstLine) this.firstLineLength += at - start;
      if (at === end) break;
      const byte = bytes[at++]!;
      if (byte === 13) state += 2;
      else if (byte === 10 || byte === 0) return -2;
      else {
        state = 1;
        if (this.#inFirstLine) this.firstLineLength++;
      }
    }
    this.#state = state;
    return -1;
  }

  #lineEnded(): void {
    if (this.#inFirstLine) this.#inFirstLine = false;
    else this.lines++;
  }
}
