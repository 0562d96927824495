/**
 * SETTINGS: the announcements of each side (RFC 9113, section 6.5).
 *
 * @module
 */
import { ConnectionError, FLOW_CONTROL_ERROR, PROTOCOL_ERROR } from "./error_code.ts";
import { INITIAL_WINDOW, MAX_PAYLOAD, MAX_WINDOW, read32 } from "./frame.ts";
import { TABLE_BYTES } from "./hpack_decoder.ts";

/** Identifiers (RFC 9113, section 6.5.2). */
export const HEADER_TABLE_SIZE = 1;
export const ENABLE_PUSH = 2;
export const MAX_CONCURRENT_STREAMS = 3;
export const INITIAL_WINDOW_SIZE = 4;
export const MAX_FRAME_SIZE = 5;
export const MAX_HEADER_LIST_SIZE = 6;

const LARGEST_FRAME = 2 ** 24 - 1;

/** The client's settings, as far as they matter to a server that pushes nothing. */
export class PeerSettings {
  /** Largest size of the table that its decoder keeps. */
  tableBytes = TABLE_BYTES;
  /** The smallest of the sizes in the last frame, or the size before it. */
  smallestTable = TABLE_BYTES;
  /** The window of a new stream. */
  initialWindow = INITIAL_WINDOW;
  /** The longest payload that it accepts. */
  maxPayload = MAX_PAYLOAD;

  /**
   * Takes the payload of a frame.
   *
   * @param bytes buffer that holds the payload
   * @param start index of its first byte
   * @param end index after its last byte
   * @throws {ConnectionError} a value is out of bounds
   */
  read(bytes: Uint8Array, start: number, end: number): void {
    this.smallestTable = this.tableBytes;
    for (let at = start; at < end; at += 6) {
      this.#set(bytes[at]! << 8 | bytes[at + 1]!, read32(bytes, at + 2));
    }
  }

  /** Unknown settings are ignored. */
  #set(id: number, value: number): void {
    switch (id) {
      case HEADER_TABLE_SIZE:
        this.tableBytes = value;
        this.smallestTable = Math.min(this.smallestTable, value);
        return;
      case ENABLE_PUSH:
        if (value > 1) throw outOfBounds("ENABLE_PUSH", "0 or 1", value);
        return;
      case INITIAL_WINDOW_SIZE:
        if (value > MAX_WINDOW) {
          const message =
            `SETTINGS_INITIAL_WINDOW_SIZE must be at most ${MAX_WINDOW}; got ${value}`;
          throw new ConnectionError(FLOW_CONTROL_ERROR, message);
        }
        this.initialWindow = value;
        return;
      case MAX_FRAME_SIZE:
        if (value < MAX_PAYLOAD || value > LARGEST_FRAME) {
          throw outOfBounds("MAX_FRAME_SIZE", `from ${MAX_PAYLOAD} to ${LARGEST_FRAME}`, value);
        }
        this.maxPayload = value;
    }
  }
}

function outOfBounds(name: string, bounds: string, value: number): ConnectionError {
  return new ConnectionError(PROTOCOL_ERROR, `SETTINGS_${name} must be ${bounds}; got ${value}`);
}
