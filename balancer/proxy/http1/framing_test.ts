import { assertEquals } from "@std/assert";
import {
  CODING_CHUNKED,
  CODING_MALFORMED,
  CODING_UNKNOWN,
  codingOf,
  isAuthority,
  parseLength,
} from "./framing.ts";

/** Calls with a value between bytes that would change its meaning. */
function within<T>(value: string, call: (bytes: Uint8Array, start: number, end: number) => T): T {
  return call(new TextEncoder().encode(`1${value}1`), 1, 1 + value.length);
}

Deno.test("A length consists of 1 to 15 digits", () => {
  for (const [value, length] of [["0", 0], ["0012", 12], ["999999999999999", 999999999999999]]) {
    assertEquals(within(String(value), parseLength), Number(length));
  }
  for (const value of ["", "+1", "-1", "1 ", "1,1", "0x1", "1e3", "1".repeat(16)]) {
    assertEquals(within(value, parseLength), -1, value);
  }
});

Deno.test("A transfer coding is chunked, unknown, or leaves the end of the body open", () => {
  const table: [value: string, coding: number][] = [
    ["chunked", CODING_CHUNKED],
    ["CHUNKED", CODING_CHUNKED],
    ["gzip", CODING_UNKNOWN],
    ["gzip,deflate", CODING_UNKNOWN],
    ["gzip;q=1, chunked", CODING_UNKNOWN],
    ["", CODING_MALFORMED],
    [",", CODING_MALFORMED],
    ["chunked, gzip", CODING_MALFORMED],
    ["gzip, chunked, chunked", CODING_MALFORMED],
    ["chunked;a=b", CODING_MALFORMED],
    ["gzip=1", CODING_MALFORMED],
    ["\x0bchunked", CODING_MALFORMED],
  ];
  for (const [value, coding] of table) assertEquals(within(value, codingOf), coding, value);
});

Deno.test("An authority is a host with an optional port", () => {
  for (const value of ["a", "a:1", "a:", "[::1]:65535", "a%2Fb", "1.2.3.4", "a_b", "0:0"]) {
    assertEquals(within(value, isAuthority), true, value);
  }
  for (const value of ["", ":", ":1", "a:x", "a:65536", "[]", "[::1", "::1", "a@b", "a%2", "a b"]) {
    assertEquals(within(value, isAuthority), false, value);
  }
});
