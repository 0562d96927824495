/**
 * Long bodies of answers, in parts between which other work of the main thread runs.
 *
 * @module
 */
import { turnOfLoop } from "../../turn_of_loop.ts";

/** Bytes that are compressed in one turn of the event loop: about two milliseconds. */
export const TURN_BYTES = 128 * 1024;

/**
 * A body of at most {@linkcode TURN_BYTES} for each turn of the event loop.
 *
 * @param parts the bytes, in pieces of any length
 */
export function inTurns(
  parts: readonly Uint8Array<ArrayBuffer>[],
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const pieces = piecesOf(parts);
  return new ReadableStream({
    async pull(controller) {
      await turnOfLoop();
      for (let left = TURN_BYTES; left > 0;) {
        const { done, value } = pieces.next();
        if (done) return controller.close();
        controller.enqueue(value);
        left -= value.length;
      }
    },
  }, { highWaterMark: 0 });
}

/** The number of bytes in all parts. */
export function lengthOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0);
}

function* piecesOf(parts: readonly Uint8Array<ArrayBuffer>[]) {
  for (const part of parts) {
    for (let at = 0; at < part.length; at += TURN_BYTES) {
      yield part.subarray(at, at + TURN_BYTES);
    }
  }
}
