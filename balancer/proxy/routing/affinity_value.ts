/**
 * The form of the affinity cookie's value, and of its name.
 *
 * @module
 */

/** Random bytes of a value: a multiple of three, so that base64 leaves no bits over. */
export const AFFINITY_BYTES = 18;

/** Characters of a value. */
export const AFFINITY_CHARACTERS = AFFINITY_BYTES * 4 / 3;

/** Whether a byte is a character of base64url (RFC 4648, section 5). */
export function isAffinityByte(byte: number): boolean {
  return (byte >= 97 && byte <= 122) || (byte >= 65 && byte <= 90) ||
    (byte >= 48 && byte <= 57) || byte === 45 || byte === 95;
}

/** Whether a text is a value of the cookie; any other value is replaced. */
export function isAffinityValue(text: string): boolean {
  return text.length === AFFINITY_CHARACTERS && /^[A-Za-z0-9_-]*$/.test(text);
}
