import { assertEquals } from "@std/assert";
import { acceptOf, prefersHtml } from "./accept.ts";
import { ascii } from "./writer.ts";

Deno.test("browsers prefer HTML; programs that accept anything, or JSON as well, do not", () => {
  const table: [accept: string, html: boolean][] = [
    ["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true],
    ["text/html", true],
    ["TEXT/HTML ; Q=0.5, application/json;q=0.4", true],
    ["text/*;q=0.9, application/json;q=0.5", true],
    ["*/*;q=0.5, text/html;q=0.6", true],
    ["", false],
    ["*/*", false],
    ["application/json", false],
    ["application/json, text/html", false],
    ["application/json, text/html;q=0.9", false],
    ["text/html;q=0", false],
    ["text/html;q=2", false],
    ["text/html;q=", false],
    ["text/plain", false],
    ["application/*, text/html", false],
    ["text/html;level=1;q=0.3, */*;q=0.2", true],
    [",;,q=1", false],
  ];
  for (const [accept, html] of table) assertEquals(prefersHtml(accept), html, accept);
});

Deno.test("Accept is read from any head, whole or malformed, and from no body", () => {
  const accept = (text: string) => acceptOf(ascii(text), 0, text.length);
  assertEquals(accept("GET / HTTP/1.1\r\naccept: a/b\r\nAccept:c/d ;q=1\r\n\r\n"), " a/b,c/d ;q=1");
  assertEquals(accept("nonsense\r\n: x\r\nAccept : text/html\r\nX"), " text/html");
  assertEquals(accept("GET / HTTP/1.1\r\nX-Accept: a\r\nAccept-Language: de\r\n\r\n"), "");
  assertEquals(accept("GET / HTTP/1.1\r\nA: b\r\n\r\n\r\nAccept: text/html\r\n"), "");
});
