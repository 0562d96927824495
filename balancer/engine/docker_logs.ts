/**
 * Reads container logs (Docker Engine API v1.40, `GET /containers/{id}/logs`; "Stream format" of
 * `POST /containers/{id}/attach`).
 *
 * @module
 */
import { OutputTail } from "./output_tail.ts";

/** Size of a frame's header: the stream, three zeros, and the length of the payload. */
const HEADER_BYTES = 8;

/**
 * Returns the last lines of a log.
 *
 * @param log log of a container without a terminal, as sent by the Engine; a truncated frame counts
 *   up to its end
 */
export function lastLines(log: Uint8Array): readonly string[] {
  const tail = new OutputTail();
  for (const [stream, bytes] of frames(log)) tail.feed(stream, bytes);
  return tail.lines;
}

function* frames(log: Uint8Array): Generator<[stream: number, bytes: Uint8Array]> {
  const view = new DataView(log.buffer, log.byteOffset, log.byteLength);
  for (let at = 0; at + HEADER_BYTES <= log.length;) {
    const start = at + HEADER_BYTES;
    const end = start + view.getUint32(at + 4);
    yield [view.getUint8(at), log.subarray(start, end)];
    at = end;
  }
}
