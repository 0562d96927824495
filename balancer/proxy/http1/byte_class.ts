/**
 * Character classes of bytes as one table: a lookup and a mask replace a chain of comparisons.
 *
 * @module
 */

const TOKEN = 1;
const VALUE = 2;
const TARGET = 4;
const REG_NAME = 8;
const HEX = 16;
const IPV6 = 32;
const PLAIN_NAME = 64;

/**
 * Bits by byte. 1: token (RFC 9110, 5.6.2). 2: field value with its spaces and tabs (RFC 9110, 5.5).
 * 4: request target, visible ASCII without "#" (RFC 9112, 3.2; browsers send some characters raw
 * that RFC 3986 wants encoded). 8: registered name (RFC 3986, 3.2.2) but for "%". 16: hexadecimal
 * digit. 32: inside the brackets of an IPv6 address. 64: letter, digit or hyphen, of
 * which nearly every field name consists. Hot loops write the bits as literals, since a
 * constant of another module is loaded again at each use.
 */
export const BYTE_CLASSES: Uint8Array = build();

function build(): Uint8Array {
  const classes = new Uint8Array(256);
  const add = (bit: number, pattern: RegExp) => {
    for (let byte = 0; byte < 256; byte++) {
      if (pattern.test(String.fromCharCode(byte))) classes[byte]! |= bit;
    }
  };
  add(TOKEN, /[!#$%&'*+\-.^_`|~0-9A-Za-z]/);
  add(VALUE, /[\t\x20-\x7e\x80-\xff]/);
  add(TARGET, /[\x21-\x7e]/);
  classes[0x23]! &= ~TARGET;
  add(REG_NAME, /[A-Za-z0-9\-._~!$&'()*+,;=]/);
  add(HEX, /[0-9A-Fa-f]/);
  add(IPV6, /[0-9A-Fa-f:.]/);
  add(PLAIN_NAME, /[0-9A-Za-z-]/);
  return classes;
}
