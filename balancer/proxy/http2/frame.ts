/**
 * The layout of frames (RFC 9113, section 4.1).
 *
 * @module
 */

/** Frame types (RFC 9113, section 6). */
export const DATA = 0;
export const HEADERS = 1;
export const PRIORITY = 2;
export const RST_STREAM = 3;
export const SETTINGS = 4;
export const PUSH_PROMISE = 5;
export const PING = 6;
export const GOAWAY = 7;
export const WINDOW_UPDATE = 8;
export const CONTINUATION = 9;

/** Flags. ACK and END_STREAM share a bit: no frame type has both. */
export const ACK = 0x1;
export const END_STREAM = 0x1;
export const END_HEADERS = 0x4;
export const PADDED = 0x8;
export const WITH_PRIORITY = 0x20;

/** Length of the header of every frame. */
export const FRAME_HEADER_BYTES = 9;

/** The longest payload that is accepted: the initial value of SETTINGS_MAX_FRAME_SIZE. */
export const MAX_PAYLOAD = 16_384;

/** The largest flow-control window (RFC 9113, section 6.9.1). */
export const MAX_WINDOW = 2 ** 31 - 1;

/** The window of a connection, and of a stream until SETTINGS changes it. */
export const INITIAL_WINDOW = 65_535;

/** The first bytes of every client (RFC 9113, section 3.4). */
export const PREFACE = new TextEncoder().encode("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** Reads a number of three bytes. */
export function read24(bytes: Uint8Array, at: number): number {
  return bytes[at]! << 16 | bytes[at + 1]! << 8 | bytes[at + 2]!;
}

/** Reads a number of four bytes without its first bit, which is reserved. */
export function read31(bytes: Uint8Array, at: number): number {
  return (bytes[at]! & 0x7f) << 24 | bytes[at + 1]! << 16 | bytes[at + 2]! << 8 | bytes[at + 3]!;
}

/** Reads a number of four bytes. */
export function read32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24 | bytes[at + 1]! << 16 | bytes[at + 2]! << 8 | bytes[at + 3]!) >>> 0;
}

/** Writes a number of four bytes. @returns index behind it */
export function write32(out: Uint8Array, at: number, value: number): number {
  out[at] = value >>> 24;
  out[at + 1] = value >>> 16;
  out[at + 2] = value >>> 8;
  out[at + 3] = value;
  return at + 4;
}

/**
 * Writes the header of a frame.
 *
 * @param out buffer to write to
 * @param at index of the first byte to write
 * @param length length of the payload
 * @param type the frame's type
 * @param flags its flags
 * @param stream its stream; 0 for the connection
 * @returns index of the payload
 */
export function writeFrameHeader(
  out: Uint8Array,
  at: number,
  length: number,
  type: number,
  flags: number,
  stream: number,
): number {
  out[at] = length >>> 16;
  out[at + 1] = length >>> 8;
  out[at + 2] = length;
  out[at + 3] = type;
  out[at + 4] = flags;
  return write32(out, at + 5, stream);
}
