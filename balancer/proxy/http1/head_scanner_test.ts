import { assertEquals } from "@std/assert";
import { HeadScanner, skipEmptyLines } from "./head_scanner.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

function scan(text: string): number {
  const bytes = bytesOf(text);
  return new HeadScanner().scan(bytes, 0, bytes.length);
}

Deno.test("A head ends just after its empty line", () => {
  assertEquals(scan("GET / HTTP/1.1\r\nHost: a\r\n\r\nbody"), 27);
  assertEquals(scan("GET / HTTP/1.1\r\n\r\n"), 18);
  assertEquals(scan("\r\n"), 2);
});

Deno.test("A head without its empty line needs more bytes", () => {
  const head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  for (let length = 0; length < head.length; length++) {
    assertEquals(scan(head.slice(0, length)), -1, `${length} bytes`);
  }
});

const REFUSED: readonly [what: string, text: string][] = [
  ["LF alone after the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n"],
  ["LF alone after a field", "GET / HTTP/1.1\r\nHost: a\n\r\n"],
  ["LF alone as the empty line", "GET / HTTP/1.1\r\nHost: a\r\n\n"],
  ["LF alone as first byte", "\nGET / HTTP/1.1\r\n\r\n"],
  ["CR alone in a value", "GET / HTTP/1.1\r\nA: b\rc\r\n\r\n"],
  ["CR alone at the start of a line", "GET / HTTP/1.1\r\n\rA: b\r\n\r\n"],
  ["two CRs before an LF", "GET / HTTP/1.1\r\r\n\r\n"],
  ["NUL in the request line", "GET /\0 HTTP/1.1\r\n\r\n"],
  ["NUL in a value", "GET / HTTP/1.1\r\nA: \0\r\n\r\n"],
];
for (const [what, text] of REFUSED) {
  Deno.test(`A head is refused for ${what}, wherever it is split`, () => {
    const bytes = bytesOf(text);
    for (let split = 0; split <= bytes.length; split++) {
      const scanner = new HeadScanner();
      const first = scanner.scan(bytes, 0, split);
      const found = first === -1 ? scanner.scan(bytes, split, bytes.length) : first;
      assertEquals(found, -2, `split at ${split}`);
    }
  });
}

Deno.test("A head in single bytes ends at the same index as in one piece, with the same counts", () => {
  const bytes = bytesOf("GET /\tx HTTP/1.1\r\nHost: a\r\nB: c\r\n\r\nrest");
  const whole = new HeadScanner();
  const end = whole.scan(bytes, 0, bytes.length);
  const scanner = new HeadScanner();
  let at = 0;
  while (scanner.scan(bytes, at, at + 1) === -1) at++;
  assertEquals(at + 1, end);
  assertEquals([scanner.firstLineLength, scanner.lines], [16, 2]);
  assertEquals([whole.firstLineLength, whole.lines], [16, 2]);
});

Deno.test("The length of the first line is known before the line is complete", () => {
  const scanner = new HeadScanner();
  const bytes = bytesOf(`GET /${"a".repeat(100)}`);
  assertEquals(scanner.scan(bytes, 0, 50), -1);
  assertEquals(scanner.firstLineLength, 50);
  assertEquals(scanner.scan(bytes, 50, 105), -1);
  assertEquals([scanner.firstLineLength, scanner.lines], [105, 0]);
});

Deno.test("A reset scanner scans like a new one", () => {
  const scanner = new HeadScanner();
  const bytes = bytesOf("GET / HTTP/1.1\r\nA: b\r\n\r\n");
  assertEquals(scanner.scan(bytes, 0, 20), -1);
  scanner.reset();
  assertEquals(scanner.scan(bytes, 0, bytes.length), bytes.length);
  assertEquals([scanner.firstLineLength, scanner.lines], [14, 1]);
});

Deno.test("A few complete empty lines before a request are skipped", () => {
  const skipped = (text: string) => skipEmptyLines(bytesOf(text), 0, text.length);
  assertEquals(skipped("GET /"), 0);
  assertEquals(skipped("\r\n\r\nGET /"), 4);
  assertEquals(skipped("\r\n\r"), 2);
  assertEquals(skipped("\r"), 0);
  assertEquals(skipped("\nGET /"), 0);
  assertEquals(skipped("\r\n".repeat(9)), 8);
  assertEquals(skipEmptyLines(bytesOf("ab\r\ncd"), 2, 3), 2);
});

Deno.test("A head in any three pieces ends at the same index as in one, with the same counts", () => {
  const bytes = bytesOf("GET / HTTP/1.1\r\nHost: a\r\nB:\tc\r\n\r\n");
  for (let first = 0; first <= bytes.length; first++) {
    for (let second = first; second < bytes.length; second++) {
      const scanner = new HeadScanner();
      if (first < bytes.length) assertEquals(scanner.scan(bytes, 0, first), -1);
      assertEquals(scanner.scan(bytes, first, second), -1);
      assertEquals(scanner.scan(bytes, second, bytes.length), bytes.length);
      assertEquals([scanner.firstLineLength, scanner.lines], [14, 2], `${first}, ${second}`);
    }
  }
});
