/**
 * Error codes of HTTP/2, and the errors that end a connection.
 *
 * @module
 */

/** Error codes (RFC 9113, section 7). */
export const NO_ERROR = 0;
export const PROTOCOL_ERROR = 1;
export const INTERNAL_ERROR = 2;
export const FLOW_CONTROL_ERROR = 3;
export const SETTINGS_TIMEOUT = 4;
export const STREAM_CLOSED = 5;
export const FRAME_SIZE_ERROR = 6;
export const REFUSED_STREAM = 7;
export const CANCEL = 8;
export const COMPRESSION_ERROR = 9;
export const ENHANCE_YOUR_CALM = 11;

const NAMES: readonly string[] = [
  "NO_ERROR",
  "PROTOCOL_ERROR",
  "INTERNAL_ERROR",
  "FLOW_CONTROL_ERROR",
  "SETTINGS_TIMEOUT",
  "STREAM_CLOSED",
  "FRAME_SIZE_ERROR",
  "REFUSED_STREAM",
  "CANCEL",
  "COMPRESSION_ERROR",
  "CONNECT_ERROR",
  "ENHANCE_YOUR_CALM",
  "INADEQUATE_SECURITY",
  "HTTP_1_1_REQUIRED",
];

/**
 * Returns the name of an error code.
 *
 * @param code the code; an unknown one is named by its number
 */
export function errorName(code: number): string {
  return NAMES[code] ?? `error ${code}`;
}

/** An error that ends the whole connection (RFC 9113, section 5.4.1). */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";

  /**
   * @param code the error code for GOAWAY
   * @param message the fault, in words
   */
  constructor(readonly code: number, message: string) {
    super(message);
  }
}
