import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { MAX_PROXY_HEAD, parseProxyHead } from "./proxy_protocol.ts";

const ascii = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const SIGNATURE = [13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10];
const V4 = [192, 0, 2, 1, 10, 0, 0, 1, 0x12, 0x34, 0, 80];
const V6 = [0x20, 1, 0xd, 0xb8, ...Array(11).fill(0), 1, ...Array(16).fill(0), 0, 1, 0, 2];

function v2(command: number, family: number, body: readonly number[]): Uint8Array {
  return Uint8Array.from([
    ...SIGNATURE,
    0x20 | command,
    family,
    body.length >> 8,
    body.length & 255,
    ...body,
  ]);
}

const GOOD: [head: Uint8Array, source: string | undefined][] = [
  [ascii("PROXY TCP4 192.0.2.1 10.0.0.1 4711 80\r\n"), "192.0.2.1"],
  [ascii("PROXY TCP6 2001:DB8:0::1 ::1 4711 80\r\n"), "2001:db8::1"],
  [ascii("PROXY TCP6 ::ffff:192.0.2.1 ::1 4711 80\r\n"), "192.0.2.1"],
  [ascii("PROXY UNKNOWN\r\n"), undefined],
  [ascii("PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n"), undefined],
  [v2(1, 0x11, V4), "192.0.2.1"],
  [v2(1, 0x21, V6), "2001:db8::1"],
  [v2(1, 0x11, [...V4, 3, 0, 4, 1, 2, 3, 4, 4, 0, 0]), "192.0.2.1"],
  [v2(1, 0x31, Array(216).fill(0)), undefined],
  [v2(1, 0x00, []), undefined],
  [v2(0, 0x00, []), undefined],
  [v2(0, 0x11, [1, 2, 3]), undefined],
];

const BAD: Uint8Array[] = [
  ascii("GET / HTTP/1.1\r\n"),
  ascii("PROXY TCP4 192.0.2.1 10.0.0.1 4711 80\n"),
  ascii("PROXY TCP4 192.0.2.1 10.0.0.1 4711\r\n"),
  ascii("PROXY TCP4 192.0.2 10.0.0.1 4711 80\r\n"),
  ascii("PROXY TCP4 ::1 10.0.0.1 4711 80\r\n"),
  ascii("PROXY TCP4 192.0.2.1 10.0.0.1 65536 80\r\n"),
  ascii("PROXY TCP4 192.0.2.1 10.0.0.1 07 80\r\n"),
  ascii("PROXY TCP4  192.0.2.1 10.0.0.1 7 80\r\n"),
  ascii("PROXY UDP4 192.0.2.1 10.0.0.1 7 80\r\n"),
  ascii(`PROXY UNKNOWN ${"x".repeat(107)}`),
  v2(2, 0x11, V4),
  v2(1, 0x41, V4),
  v2(1, 0x13, V4),
  v2(1, 0x11, V4.slice(1)),
  v2(1, 0x11, [...V4, 3, 0, 4, 1]),
  v2(1, 0x11, [...V4, 3, 0]),
  v2(1, 0x11, [...V4, 4, 3, 244, ...Array(1012).fill(0)]),
  Uint8Array.from([...SIGNATURE, 0x11, 0x11, 0, 12, ...V4]),
];

Deno.test("heads of both versions are parsed in any fragmentation, and nothing behind them", () => {
  for (const [head, source] of GOOD) {
    for (let at = 0; at < head.length; at++) {
      assertEquals(parseProxyHead(head.subarray(0, at)), undefined, `${head} cut at ${at}`);
    }
    const followed = Uint8Array.from([...head, ...ascii("GET / HTTP/1.1\r\n")]);
    assertEquals(parseProxyHead(followed), { source, length: head.length }, `${head}`);
  }
});

Deno.test("bytes that are no head are malformed", () => {
  for (const bytes of BAD) assertEquals(parseProxyHead(bytes), "malformed", `${bytes}`);
});

Deno.test("for any bytes a head stays within its bound, and more bytes do not change it", () => {
  const start = fc.constantFrom(...GOOD.map(([head]) => head), ...BAD);
  const property = fc.property(
    start,
    fc.uint8Array({ maxLength: 1200 }),
    fc.nat(40),
    (a, b, at) => {
      const bytes = Uint8Array.from([...a.subarray(0, at), ...b]);
      const head = parseProxyHead(bytes);
      if (head === undefined) return assert(bytes.length < MAX_PROXY_HEAD);
      if (head === "malformed") return;
      assert(head.length <= Math.min(bytes.length, MAX_PROXY_HEAD));
      assertEquals(parseProxyHead(bytes.subarray(0, head.length)), head);
    },
  );
  fc.assert(property, { seed: 20261130, numRuns: 5000 });
});
