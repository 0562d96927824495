/**
 * The rules that a frame must keep by itself: its length and its stream (RFC 9113, section 6).
 *
 * @module
 */
import { ConnectionError, FRAME_SIZE_ERROR, PROTOCOL_ERROR } from "./error_code.ts";
import * as frame from "./frame.ts";

/** Where a frame belongs. */
type Place = "connection" | "stream" | "any";

interface Rule {
  readonly name: string;
  readonly place: Place;
  /** Whether a payload of this length is well-formed. */
  readonly fits: (length: number) => boolean;
  readonly expects: string;
}

const ANY = { fits: () => true, expects: "" };

function exactly(bytes: number): Pick<Rule, "fits" | "expects"> {
  return { fits: (length) => length === bytes, expects: `must have ${bytes} bytes` };
}

/** By type. */
const RULES: readonly Rule[] = [
  { name: "DATA", place: "stream", ...ANY },
  { name: "HEADERS", place: "stream", ...ANY },
  { name: "PRIORITY", place: "stream", ...exactly(5) },
  { name: "RST_STREAM", place: "stream", ...exactly(4) },
  {
    name: "SETTINGS",
    place: "connection",
    fits: (length) => length % 6 === 0,
    expects: "must have 6 bytes for each setting",
  },
  { name: "PUSH_PROMISE", place: "any", ...ANY },
  { name: "PING", place: "connection", ...exactly(8) },
  {
    name: "GOAWAY",
    place: "connection",
    fits: (length) => length >= 8,
    expects: "must have at least 8 bytes",
  },
  { name: "WINDOW_UPDATE", place: "any", ...exactly(4) },
  { name: "CONTINUATION", place: "stream", ...ANY },
];

/**
 * Checks a frame by its header.
 *
 * @param type its type; unknown types have no rule
 * @param flags its flags
 * @param length length of its payload
 * @param stream its stream
 * @throws {ConnectionError} it breaks a rule
 */
export function checkFrame(type: number, flags: number, length: number, stream: number): void {
  if (length > frame.MAX_PAYLOAD) {
    const message = `a frame must have at most ${frame.MAX_PAYLOAD} bytes; got ${length}`;
    throw new ConnectionError(FRAME_SIZE_ERROR, message);
  }
  const rule = RULES[type];
  if (!rule) return;
  const { name, place, fits, expects } = rule;
  if (place === "connection" && stream !== 0) throw protocol(`${name} on stream ${stream}`);
  if (place === "stream" && stream === 0) throw protocol(`${name} on stream 0`);
  if (!fits(length)) throw sized(`${name} ${expects}; got ${length}`);
  if (type === frame.SETTINGS && (flags & frame.ACK) !== 0 && length > 0) {
    throw sized("an acknowledgement of SETTINGS must be empty");
  }
}

/**
 * Returns the content of a padded frame (RFC 9113, section 6.1): its first byte is the length of
 * the padding behind the content.
 *
 * @param bytes buffer that holds the payload
 * @param start index of its first byte
 * @param end index after its last byte
 * @returns indexes of the content
 * @throws {ConnectionError} there is no room for the padding
 */
export function unpad(bytes: Uint8Array, start: number, end: number): [from: number, to: number] {
  if (end === start) throw sized("a padded frame must say how long its padding is");
  const to = end - bytes[start]!;
  if (to <= start) throw protocol("the padding is as long as the frame");
  return [start + 1, to];
}

/**
 * Checks a dependency between streams, which is ignored otherwise (RFC 9113, section 5.3).
 *
 * @param bytes buffer that holds it
 * @param at index of its first byte
 * @param stream the stream that depends
 * @throws {ConnectionError} the stream depends on itself
 */
export function checkPriority(bytes: Uint8Array, at: number, stream: number): void {
  if (frame.read31(bytes, at) === stream) throw protocol(`stream ${stream} depends on itself`);
}

/** A violation of the protocol, in words. */
export function protocol(message: string): ConnectionError {
  return new ConnectionError(PROTOCOL_ERROR, message);
}

/** A frame of the wrong size, in words. */
export function sized(message: string): ConnectionError {
  return new ConnectionError(FRAME_SIZE_ERROR, message);
}
