import { assertEquals } from "@std/assert";
import { mayBeStatusLine } from "./status_line.ts";

function check(text: string): boolean {
  const bytes = Uint8Array.from(`xx${text}`, (letter) => letter.charCodeAt(0));
  return mayBeStatusLine(bytes, 2, bytes.length);
}

Deno.test("Every prefix of a status line is accepted", () => {
  for (
    const line of [
      "HTTP/1.1 200 OK\r\nX: y",
      "HTTP/1.0 999 \tAny reason \xe9\r\n",
      "HTTP/1.1 204\r\n\r\n",
      "HTTP/1.1 100 \r\n",
    ]
  ) {
    for (let length = 0; length <= line.length; length++) {
      assertEquals(check(line.slice(0, length)), true, line.slice(0, length));
    }
  }
});

Deno.test("Any other text is rejected at its first wrong byte", () => {
  for (
    const text of [
      "h",
      "\r",
      "I",
      "HTTP/2",
      "HTTP/1.2",
      "HTTP/1.1\t",
      "HTTP/1.1 0",
      "HTTP/1.1 2x",
      "HTTP/1.1 20 ",
      "HTTP/1.1 2000",
      "HTTP/1.1 200 O\x01",
      "HTTP/1.1 200 O\n",
      "HTTP/1.1 200\n",
    ]
  ) {
    assertEquals([check(text.slice(0, -1)), check(text)], [true, false], JSON.stringify(text));
  }
});
