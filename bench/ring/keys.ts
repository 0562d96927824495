/**
 * The members and keys that contestants are given.
 *
 * @module
 */
import { fmix32 } from "../../ring/fmix32.ts";

/** Lengths of keys: a number, a session, a SHA-1, a path. */
export const LENGTHS: readonly number[] = [8, 16, 40, 100];

const LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz";

/** Server1, Server2, ... */
export function memberNames(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `Server${at + 1}`);
}

/**
 * Different strings, the same ones each time. Made of bytes, and so in one piece each, as V8 has
 * those that come off the network; joined ones would be flattened by their first reader.
 *
 * @param count how many
 * @param length their length in characters, at least 8
 */
export function distinctKeys(count: number, length: number): string[] {
  const bytes = new Uint8Array(length);
  const decoder = new TextDecoder();
  const keys = Array.from({ length: count }, (_, key) => {
    for (let at = 0; at < length; at++) {
      bytes[at] = LETTERS.charCodeAt(fmix32(key * length + at) % LETTERS.length);
    }
    return decoder.decode(bytes);
  });
  if (new Set(keys).size < count) throw new Error(`There are not ${count} different keys`);
  return keys;
}
