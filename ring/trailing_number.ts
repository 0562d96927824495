/**
 * The number in a name such as `Server12`.
 *
 * @module
 */

/**
 * Returns the decimal number at the end of a name.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { trailingNumber } from "./trailing_number.ts";
 *
 * assertEquals(trailingNumber("Server12"), 12);
 * assertEquals(trailingNumber("alpha"), undefined);
 * ```
 *
 * @param name The name of a member.
 * @returns The number, or undefined if there is none or it is above 2^53 - 1.
 */
export function trailingNumber(name: string): number | undefined {
  let start = name.length;
  while (start > 0 && isDigit(name.charCodeAt(start - 1))) start -= 1;
  if (start === name.length) return undefined;
  const number = Number(name.slice(start));
  return Number.isSafeInteger(number) ? number : undefined;
}

function isDigit(codeUnit: number): boolean {
  return codeUnit >= 0x30 && codeUnit <= 0x39;
}
