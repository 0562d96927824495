/**
 * A header field as HPACK carries it.
 *
 * @module
 */

/** Bytes that a table adds to the length of a field (RFC 7541, section 4.1). */
const OVERHEAD = 32;

/** One field. Its bytes never change, so that a table and many requests can share it. */
export class HeaderField {
  /** Its size in a table, and in a list of fields. */
  readonly size: number;
  /** The result of its validation, as `request_fields.ts` has computed it; 0 until then. */
  kind = 0;

  /**
   * @param name the name
   * @param value the value
   */
  constructor(readonly name: Uint8Array, readonly value: Uint8Array) {
    this.size = name.length + value.length + OVERHEAD;
  }
}
