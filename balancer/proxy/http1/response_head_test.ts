import { assertEquals } from "@std/assert";
import { type Fault, FAULTS, ofUpstream } from "./fault.ts";
import { ResponseHead } from "./response_head.ts";

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

function textOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

function parse(text: string, head = new ResponseHead()): ResponseHead {
  const bytes = bytesOf(text);
  assertEquals(head.parse(bytes, 0, bytes.length, 100)?.reason, undefined, text);
  return head;
}

const line = (text: string) => `${text}\r\n\r\n`;
const field = (text: string) => `HTTP/1.1 200 OK\r\n${text}\r\n\r\n`;

const REFUSED: readonly [fault: Fault, heads: readonly string[]][] = [
  [FAULTS.statusLine, [
    "\r\n",
    line("200 OK"),
    line("http/1.1 200 OK"),
    line("HTTP/1.1"),
    line("HTTP/1.1\t200 OK"),
    line("HTTP/1.1 2000 OK"),
    line("HTTP/1.1 200\tOK"),
    line("HTTP/1.1 200 O\0K"),
    line("HTTP/1.1 200 O\rK"),
    line("HTTP/11 200 OK"),
  ]],
  [FAULTS.statusVersion, [
    line("HTTP/2.0 200 OK"),
    line("HTTP/0.9 200 OK"),
    line("HTTP/x.1 200 OK"),
  ]],
  [FAULTS.statusCode, [
    line("HTTP/1.1 099 OK"),
    line("HTTP/1.1 000 OK"),
    line("HTTP/1.1 20 OK"),
    line("HTTP/1.1  200 OK"),
    line("HTTP/1.1 2x0 OK"),
    line("HTTP/1.1 "),
  ]],
  [FAULTS.contentLength, [
    field("Content-Length: 5,6"),
    field("Content-Length: 5,"),
    field("Content-Length: 5 5"),
    field("Content-Length: -1"),
    field("Content-Length:"),
  ]],
  [FAULTS.contentLengthRepeated, [
    field("Content-Length: 5\r\nContent-Length: 6"),
    field("Content-Length: 5, 5\r\nContent-Length: 6"),
  ]],
  [FAULTS.lengthAndEncoding, [field("Content-Length: 5\r\nTransfer-Encoding: chunked")]],
  [FAULTS.encodingRepeated, [field("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked")]],
  [FAULTS.encodingUnknown, [
    field("Transfer-Encoding: gzip, chunked"),
    field("Transfer-Encoding: identity"),
    field("Transfer-Encoding: chunked, gzip"),
    field("Transfer-Encoding:"),
  ]],
  [FAULTS.encodingVersion, ["HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"]],
  [FAULTS.fieldValue, [
    field("Content-Length: 5\x01"),
    field("Transfer-Encoding: \x0bchunked"),
    field("Transfer-Encoding:\r\n \x0bchunked"),
    field("A: b\0"),
  ]],
  [FAULTS.spaceBeforeColon, [field("A b: c"), field("Content-Length 5")]],
  [FAULTS.fieldName, [field(":"), field("A(b): c")]],
  [FAULTS.obsFold, [field(" A: b")]],
  [FAULTS.tooManyFields, [field("A: b\r\n".repeat(100) + "A: b")]],
];
for (const [fault, heads] of REFUSED) {
  Deno.test(`A response is refused with 502: ${fault.reason}`, () => {
    for (const text of heads) {
      const bytes = bytesOf(text);
      const found = new ResponseHead().parse(bytes, 0, bytes.length, 100);
      assertEquals(found, ofUpstream(fault), text);
      assertEquals(found?.status, 502);
    }
  });
}

Deno.test("A reason may be present, empty, or absent with its space", () => {
  const reason = (text: string) => {
    const head = parse(text);
    return [head.status, text.slice(head.reasonStart, head.reasonEnd)];
  };
  assertEquals(reason(line("HTTP/1.1 404 Not Found")), [404, "Not Found"]);
  assertEquals(reason(line("HTTP/1.1 599 \xfcber\t")), [599, "\xfcber\t"]);
  assertEquals(reason(line("HTTP/1.0 100 ")), [100, ""]);
  assertEquals(reason(line("HTTP/1.1 999 No class")), [999, "No class"]);
  assertEquals(reason(line("HTTP/1.1 200")), [200, ""]);
});

Deno.test("The only framing field determines the framing of a body", () => {
  const framing = (text: string) => {
    const head = parse(field(text));
    return [head.contentLength, head.chunked];
  };
  assertEquals(framing("A: b"), [-1, false]);
  assertEquals(framing("content-length: 56"), [56, false]);
  assertEquals(framing("transfer-encoding: Chunked"), [-1, true]);
});

Deno.test("Malformed parts with an unambiguous meaning are repaired in place", () => {
  const repaired = (text: string) => {
    const bytes = bytesOf(text);
    const [head, whole] = [new ResponseHead(), new ResponseHead()];
    assertEquals(whole.parseWhole(Uint8Array.of(...bytes, 0), 0, bytes.length, 100), true, text);
    assertEquals(head.parse(bytes, 0, bytes.length, 100)?.reason, undefined, text);
    const { fields, contentLength, chunked, keepAlive } = head;
    const lines = Array.from(
      { length: fields.count },
      (_, i) => textOf(bytes.subarray(fields.lineStart(i), fields.lineEnd(i) - 2)),
    );
    return { lines, contentLength, chunked, keepAlive };
  };
  assertEquals(repaired(field("A: b\r\n c\r\n\td")).lines, ["A: b   c  \td"]);
  assertEquals(repaired(field("A:\r\n b")).lines, ["A:   b"]);
  assertEquals(repaired(field("A \t: b")).lines, ["A:\t  b"]);
  assertEquals(repaired(field("A: b\x01c\x7f")).lines, ["A: b c "]);
  assertEquals(repaired(field("Content-Length : 5")).contentLength, 5);
  assertEquals(repaired(field("Content-Length:\r\n 5")).contentLength, 5);
  assertEquals(repaired(field("Content-Length: 5, 5 ,05")).contentLength, 5);
  assertEquals(repaired(field("Content-Length: 5\r\nContent-Length: 5")).contentLength, 5);
  assertEquals(repaired(field("Transfer-Encoding:\r\n\tchunked")).chunked, true);
  assertEquals(repaired(field("Transfer-Encoding: , chunked,")).chunked, true);
  assertEquals(repaired(field("Connection:\x0b close")).keepAlive, false);
  assertEquals(repaired(field("Connection: keep-alive; timeout=5")).keepAlive, true);
  assertEquals(repaired(field("Connection: x y, close; now")).keepAlive, false);
  assertEquals(repaired(field('Connection: "a", close')).keepAlive, false);
  const named = "Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked";
  assertEquals(repaired(field(named)).chunked, true);
  assertEquals(repaired("HTTP/1.2 200 OK\r\n\r\n").keepAlive, true);
});

Deno.test("Control characters of a reason become spaces", () => {
  const bytes = bytesOf(line("HTTP/1.1 200 O\x01K\x7f"));
  const head = new ResponseHead();
  assertEquals(head.parse(bytes, 0, bytes.length, 100), undefined);
  assertEquals(textOf(bytes.subarray(head.reasonStart, head.reasonEnd)), "O K ");
});

Deno.test("Persistence and upgrade follow version and Connection", () => {
  assertEquals(parse(field("A: b")).keepAlive, true);
  assertEquals(parse(field("Connection: close")).keepAlive, false);
  assertEquals(parse(line("HTTP/1.0 200 OK")).keepAlive, false);
  assertEquals(parse("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n").keepAlive, true);
  assertEquals(parse(field("Connection: upgrade\r\nUpgrade: x")).upgrade, true);
  assertEquals(parse(field("Upgrade: x")).upgrade, false);
});

Deno.test("Responses to HEAD and 1xx, 204 and 304 have no body", () => {
  const bodyless = (status: number, method: string) =>
    parse(line(`HTTP/1.1 ${status} x`)).bodyless(method);
  for (const status of [100, 101, 103, 204, 304]) assertEquals(bodyless(status, "GET"), true);
  for (const status of [200, 205, 404, 500]) assertEquals(bodyless(status, "GET"), false);
  assertEquals(bodyless(200, "HEAD"), true);
});

Deno.test("No state of a response remains when the same object parses the next one", () => {
  const used = parse(
    "HTTP/1.1 101 x\r\nConnection: close, upgrade\r\nUpgrade: x\r\nX-Request-Id: 1\r\n" +
      "Date: now\r\nContent-Length: 5, 5\r\n\r\n",
  );
  const text = line("HTTP/1.1 200");
  assertEquals({ ...parse(text, used), fields: 0 }, { ...parse(text), fields: 0 });
});
