import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { ChunkScanner, writeChunkHeader } from "./chunked.ts";

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

/** State of a scanner after a body arrived in pieces that end at these indexes. */
function scan(text: string, splits: readonly number[]): unknown {
  const bytes = bytesOf(text);
  const scanner = new ChunkScanner();
  let data = "";
  let at = 0;
  for (const split of [...splits, bytes.length]) {
    if (split < at || scanner.done) continue;
    at = scanner.scan(bytes, at, split);
    if (at < 0) return "malformed";
    for (let i = 0; i < scanner.spanCount; i++) {
      data += text.slice(scanner.spans[2 * i], scanner.spans[2 * i + 1]);
    }
  }
  return { done: scanner.done, end: at, data, dataBytes: scanner.dataBytes };
}

const REFUSED: readonly [what: string, text: string][] = [
  ["no size", "\r\n"],
  ["a size that is not hexadecimal", "g\r\n"],
  ["a size with a sign", "+5\r\n"],
  ["a size with a prefix", "0x5\r\n"],
  ["a space before the size", " 5\r\n"],
  ["a space after the size and no extension", "5 \r\n"],
  ["a size beyond 2^53 - 1", "20000000000000\r\n"],
  ["a size that would wrap around", "10000000000000000\r\n"],
  ["a size of more than 16 digits behind zeros", "00012345678901234567\r\n"],
  ["more than 257 zeros", `${"0".repeat(258)}5\r\n`],
  ["zeros and an extension of more than 256 bytes", `${"0".repeat(201)}5;${"a".repeat(99)}\r\n`],
  ["small chunks with many zeros", `${"0".repeat(257)}1\r\nx\r\n`.repeat(65)],
  ["LF alone after the size", "5\nhello\r\n0\r\n\r\n"],
  ["CR alone after the size", "5\rhello\r\n0\r\n\r\n"],
  ["an extension without its semicolon", "5 a\r\n"],
  ["LF alone in an extension", "5;a\nhello\r\n0\r\n\r\n"],
  ["CR alone in an extension", "5;a\rb\r\nhello\r\n0\r\n\r\n"],
  ["a control character in an extension", "5;a\x01\r\n"],
  ["an extension of more than 256 bytes", `5;${"a".repeat(256)}\r\n`],
  ["small chunks with large extensions", `1;${"a".repeat(255)}\r\nx\r\n`.repeat(65)],
  ["data longer than its size", "5\r\nhellox\r\n"],
  ["LF alone after data", "5\r\nhello\n0\r\n\r\n"],
  ["CR alone after data", "5\r\nhello\r0\r\n\r\n"],
  ["a trailer line without a colon", "0\r\nabc\r\n\r\n"],
  ["a trailer with a space before its colon", "0\r\na : b\r\n\r\n"],
  ["a trailer without a name", "0\r\n: b\r\n\r\n"],
  ["a folded trailer", "0\r\na: b\r\n c\r\n\r\n"],
  ["a control character in a trailer", "0\r\na: \x7f\r\n\r\n"],
  ["LF alone after a trailer", "0\r\na: b\n\r\n"],
  ["LF alone at the end", "0\r\n\n"],
  ["Content-Length as a trailer", "0\r\nContent-Length: 5\r\n\r\n"],
  ["Transfer-Encoding as a trailer", "0\r\ntransfer-encoding: chunked\r\n\r\n"],
  ["Host as a trailer", "0\r\nHOST: a\r\n\r\n"],
  ["Connection as a trailer", "0\r\nA: b\r\nConnection: close\r\n\r\n"],
  ["a trailer section of more than 8 KiB", `0\r\na:${"b".repeat(8191)}\r\n\r\n`],
  ["many trailers of more than 8 KiB", `0\r\n${"a:b\r\n".repeat(2731)}\r\n`],
];
for (const [what, text] of REFUSED) {
  Deno.test(`A chunked body is refused for ${what}, wherever it is split`, () => {
    for (let split = 0; split <= Math.min(text.length, 40); split++) {
      assertEquals(scan(text, [split]), "malformed", `split at ${split}`);
    }
    assertEquals(scan(text, Array.from({ length: text.length }, (_, i) => i)), "malformed");
  });
}

Deno.test("A malformed body stays malformed", () => {
  const scanner = new ChunkScanner();
  assertEquals(scanner.scan(bytesOf("x0\r\n\r\n"), 0, 6), -1);
  assertEquals(scanner.scan(bytesOf("x0\r\n\r\n"), 1, 6), -1);
  assertEquals(scanner.scan(bytesOf(""), 0, 0), -1);
  scanner.reset();
  assertEquals([scanner.scan(bytesOf("0\r\n\r\n"), 0, 5), scanner.done], [5, true]);
});

Deno.test("Bytes behind a body are not taken", () => {
  const text = '5;a="b"\r\nhello\r\n0A\r\n0123456789\r\n000 ;x\r\nX-Sum: 1\r\nB:\r\n\r\nGET /';
  const end = text.indexOf("GET");
  assertEquals(scan(text, []), { done: true, end, data: "hello0123456789", dataBytes: 15 });
  const scanner = new ChunkScanner();
  const bytes = bytesOf(text);
  assertEquals(scanner.scan(bytes, 0, bytes.length), end);
  assertEquals([scanner.scan(bytes, end, bytes.length), scanner.spanCount], [end, 0]);
});

Deno.test("A body without its end needs more bytes", () => {
  const text = "5\r\nhello\r\n0\r\nA: b\r\n\r\n";
  for (let length = 0; length < text.length; length++) {
    const scanner = new ChunkScanner();
    assertEquals(scanner.scan(bytesOf(text), 0, length), length);
    assertEquals(scanner.done, false);
  }
});

Deno.test("The largest allowed values are accepted", () => {
  const end = "0\r\n\r\n";
  const done = (text: string) => (scan(text, []) as { done: boolean }).done;
  assertEquals(scan("1fffffffffffff\r\n", []), { done: false, end: 16, data: "", dataBytes: 0 });
  assertEquals(done(`0000000000000001\r\nx\r\n${end}`), true);
  assertEquals(done(`${"0".repeat(257)}1\r\nx\r\n${"0".repeat(257)}\r\n\r\n`), true);
  assertEquals(done(`1;${"a".repeat(255)}\r\nx\r\n${end}`), true);
  assertEquals(done(`1;${"a".repeat(255)}\r\nx\r\n`.repeat(64) + end), true);
  assertEquals(done(`0\r\na:${"b".repeat(8190)}\r\n\r\n`), true);
  const paid = `400;${"a".repeat(255)}\r\n${"x".repeat(1024)}\r\n`;
  assertEquals(done(paid.repeat(200) + end), true);
});

Deno.test("Any split of a body gives the same end and the same data", () => {
  const chunk = fc.record({
    data: fc.string({ minLength: 1, maxLength: 40, unit: "binary-ascii" }),
    extension: fc.constantFrom("", ";a", ' ;a="b c"'),
    zeros: fc.nat({ max: 3 }),
  });
  const body = fc.record({
    chunks: fc.array(chunk, { maxLength: 40 }),
    trailers: fc.constantFrom("", "X: y\r\n", "A:\r\nB: c \r\n"),
    splits: fc.array(fc.nat({ max: 600 }), { maxLength: 12 }),
  });
  fc.assert(
    fc.property(body, ({ chunks, trailers, splits }) => {
      const text = chunks.map(({ data, extension, zeros }) =>
        `${"0".repeat(zeros)}${data.length.toString(16)}${extension}\r\n${data}\r\n`
      ).join("") + `0\r\n${trailers}\r\n`;
      const data = chunks.map((chunk) =>
        chunk.data
      ).join("");
      const expected = { done: true, end: text.length, data, dataBytes: data.length };
      assertEquals(scan(text, []), expected);
      assertEquals(scan(text + "more", splits.toSorted((a, b) => a - b)), expected);
    }),
    { seed: 1, numRuns: 300 },
  );
});

Deno.test("The line before data is its size in hexadecimal digits", () => {
  for (const size of [0, 1, 9, 10, 15, 16, 26, 255, 65536, 2 ** 40 + 5, 2 ** 53 - 1]) {
    const out = new Uint8Array(20);
    const end = writeChunkHeader(out, 1, size);
    assertEquals(String.fromCharCode(...out.subarray(1, end)), `${size.toString(16)}\r\n`);
  }
});
