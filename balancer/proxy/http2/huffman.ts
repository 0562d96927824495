/**
 * The Huffman code of HPACK (RFC 7541, section 5.2 and appendix B).
 *
 * @module
 */

/**
 * Length of the code of each byte, and of the end-of-string symbol, in bits. The code is canonical:
 * symbols in order of length, then of value, have consecutive codes.
 */
// deno-fmt-ignore
const LENGTHS = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28,
  28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5,
  6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
  7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6,
  7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23,
  23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22,
  22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22,
  23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27,
  27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25,
  24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
];

const END_OF_STRING = 256;

/** The code of each symbol, right-aligned. */
const CODES = canonicalCodes();

function canonicalCodes(): Uint32Array {
  const codes = new Uint32Array(LENGTHS.length);
  const order = LENGTHS.map((_, symbol) => symbol).sort((a, b) =>
    LENGTHS[a]! - LENGTHS[b]! || a - b
  );
  let code = 0;
  let length = LENGTHS[order[0]!]!;
  for (const symbol of order) {
    code *= 2 ** (LENGTHS[symbol]! - length);
    length = LENGTHS[symbol]!;
    codes[symbol] = code++;
  }
  return codes;
}

// An entry of the decoding table: the next state, the byte that is complete, and two marks.
const EMITS = 1 << 16;
const FAILS = 1 << 17;

/** One row for each state, which is an inner node of the code's tree; 16 entries for four bits. */
const { table: TRANSITIONS, accepting: ACCEPTING } = decodingTable();

function decodingTable(): { table: Int32Array; accepting: Uint8Array } {
  const { children, depth, ones } = codeTree();
  const table = new Int32Array(16 * children.length);
  for (let state = 0; state < children.length; state++) {
    for (let bits = 0; bits < 16; bits++) {
      table[16 * state + bits] = transition(children, state, bits);
    }
  }
  // RFC 7541, 5.2: padding is at most seven bits, the first ones of the end-of-string symbol.
  const accepting = Uint8Array.from(depth, (bits, state) => bits <= 7 && ones[state] ? 1 : 0);
  return { table, accepting };
}

/** Inner nodes by number; a child is a node, or the complement of a symbol. */
function codeTree(): { children: number[][]; depth: number[]; ones: boolean[] } {
  const children: number[][] = [[]];
  const depth = [0];
  const ones = [true];
  for (let symbol = 0; symbol < LENGTHS.length; symbol++) {
    let node = 0;
    for (let bit = LENGTHS[symbol]! - 1; bit > 0; bit--) {
      const side = CODES[symbol]! >>> bit & 1;
      if (children[node]![side] === undefined) {
        children[node]![side] = children.length;
        depth.push(depth[node]! + 1);
        ones.push(ones[node]! && side === 1);
        children.push([]);
      }
      node = children[node]![side]!;
    }
    children[node]![CODES[symbol]! & 1] = ~symbol;
  }
  return { children, depth, ones };
}

function transition(children: number[][], state: number, bits: number): number {
  let node = state;
  let emitted = 0;
  for (let bit = 3; bit >= 0; bit--) {
    node = children[node]![bits >>> bit & 1]!;
    if (node >= 0) continue;
    if (~node === END_OF_STRING) return FAILS;
    // The shortest code has five bits: four complete one byte at most.
    emitted = EMITS | ~node << 8;
    node = 0;
  }
  // States fit into eight bits: 257 symbols have 256 inner nodes.
  return emitted | node;
}

/**
 * Decodes a string.
 *
 * @param bytes buffer that holds the encoded string
 * @param start index of its first byte
 * @param end index after its last byte
 * @param out buffer to write to, with room for 8/5 of the encoded length
 * @returns number of bytes written; -1 if the string is malformed
 */
export function decodeHuffman(
  bytes: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
): number {
  const table = TRANSITIONS;
  let state = 0;
  let length = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    const high = table[state << 4 | byte >> 4]!;
    if ((high & EMITS) !== 0) out[length++] = high >> 8 & 0xff;
    const low = table[(high & 0xff) << 4 | byte & 15]!;
    if (((high | low) & FAILS) !== 0) return -1;
    if ((low & EMITS) !== 0) out[length++] = low >> 8 & 0xff;
    state = low & 0xff;
  }
  return ACCEPTING[state] === 1 ? length : -1;
}

/**
 * Returns the length of a string in the Huffman code, in bytes.
 *
 * @param bytes buffer that holds the string
 * @param start index of its first byte
 * @param end index after its last byte
 */
export function huffmanLength(bytes: Uint8Array, start: number, end: number): number {
  let bits = 0;
  for (let at = start; at < end; at++) bits += LENGTHS[bytes[at]!]!;
  return (bits + 7) >> 3;
}

/**
 * Encodes a string.
 *
 * @param out buffer to write to
 * @param at index of the first byte to write
 * @param bytes buffer that holds the string
 * @param start index of its first byte
 * @param end index after its last byte
 * @returns index after the last byte written
 */
export function encodeHuffman(
  out: Uint8Array,
  at: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  let to = at;
  let pending = 0;
  let bits = 0;
  for (let from = start; from < end; from++) {
    const length = LENGTHS[bytes[from]!]!;
    let rest = length;
    // A code is added in two parts, so that the pending bits fit into 32.
    while (rest > 0) {
      const part = rest > 16 ? rest - 16 : rest;
      pending = pending << part | CODES[bytes[from]!]! >>> (rest - part) & ((1 << part) - 1);
      bits += part;
      rest -= part;
      while (bits >= 8) out[to++] = pending >>> (bits -= 8);
    }
  }
  if (bits > 0) out[to++] = pending << (8 - bits) | 0xff >>> bits;
  return to;
}
