import { assertEquals } from "@std/assert";
import { type Fault, FAULTS } from "./fault.ts";
import { RequestHead } from "./request_head.ts";

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

function parse(text: string, head = new RequestHead()): [bytes: Uint8Array, head: RequestHead] {
  const bytes = bytesOf(text);
  assertEquals(head.parse(bytes, 0, bytes.length, 100)?.reason, undefined, text);
  return [bytes, head];
}

function targetOf(text: string): { target: string; path: string; host: string } {
  const [bytes, head] = parse(text);
  const cut = (start: number, end: number) => String.fromCharCode(...bytes.subarray(start, end));
  return {
    target: cut(head.targetStart, head.targetEnd),
    path: cut(head.targetStart, head.pathEnd),
    host: cut(head.hostStart, head.hostEnd),
  };
}

const line = (text: string) => `${text}\r\nHost: a\r\n\r\n`;
const field = (text: string) => `POST / HTTP/1.1\r\nHost: a\r\n${text}\r\n\r\n`;
const host = (value: string) => `GET / HTTP/1.1\r\nHost: ${value}\r\n\r\n`;

const REFUSED: readonly [fault: Fault, heads: readonly string[]][] = [
  [FAULTS.emptyHead, ["\r\n", "\r\nHost: a\r\n\r\n"]],
  [FAULTS.method, [
    line(" GET / HTTP/1.1"),
    line("GET"),
    line("G(T / HTTP/1.1"),
    line("G\xcbT / HTTP/1.1"),
    line("GET\t/ HTTP/1.1"),
    line(`${"M".repeat(33)} / HTTP/1.1`),
  ]],
  [FAULTS.requestLine, [line("GET /"), line("GET  / HTTP/1.1"), line("GET ")]],
  [FAULTS.target, [
    line("GET /\x01 HTTP/1.1"),
    line("GET /\x7f HTTP/1.1"),
    line("GET /\xe9 HTTP/1.1"),
    line("GET /#top HTTP/1.1"),
    line("GET /\tx HTTP/1.1"),
  ]],
  [FAULTS.version, [
    line("GET /a b HTTP/1.1"),
    line("GET /  HTTP/1.1"),
    line("GET / HTTP/1.1 "),
    line("GET / http/1.1"),
    line("GET / HTTP/1"),
    line("GET / HTTP/1.10"),
    line("GET / HTTP/1.1x"),
    "GET / HTTP/1.1x\nHost: a\r\n\r\n",
    line("GET / HTTP/1,1"),
    line("GET / HTTP/x.1"),
    line("GET / HTTPS/1.1"),
    line("GET / "),
  ]],
  [FAULTS.unknownVersion, [
    line("GET / HTTP/2.0"),
    line("GET / HTTP/0.9"),
    "PRI * HTTP/2.0\r\n\r\n",
  ]],
  [FAULTS.connect, [line("CONNECT a:443 HTTP/1.1"), line("CONNECT / HTTP/1.1")]],
  [FAULTS.asterisk, [line("GET * HTTP/1.1")]],
  [FAULTS.targetForm, [
    line("GET a HTTP/1.1"),
    line("GET a:80 HTTP/1.1"),
    line("GET ftp://a/ HTTP/1.1"),
    line("GET http:/a HTTP/1.1"),
    line("GET http: HTTP/1.1"),
    line("OPTIONS ** HTTP/1.1"),
    line("GET ?a HTTP/1.1"),
  ]],
  [FAULTS.authority, [
    line("GET http:/// HTTP/1.1"),
    line("GET http:// HTTP/1.1"),
    line("GET http://?a HTTP/1.1"),
    line("GET http://u@a/ HTTP/1.1"),
    line("GET http://u:p@a/ HTTP/1.1"),
    line("GET http://a:b/ HTTP/1.1"),
    line("GET http://a:65536/ HTTP/1.1"),
    line("GET http://a\\b/ HTTP/1.1"),
    line("GET http://:80/ HTTP/1.1"),
  ]],
  [FAULTS.hostMissing, ["GET / HTTP/1.1\r\n\r\n", "GET http://a/ HTTP/1.1\r\n\r\n"]],
  [FAULTS.hostRepeated, [field("Host: a"), field("HOST:")]],
  [FAULTS.host, [
    host("a b"),
    host("a/b"),
    host("u@a"),
    host("a:b"),
    host("a:123456"),
    host("a:99999"),
    host(":80"),
    host("[::1"),
    host("[::1]a"),
    host("[:]"),
    host("[::g]"),
    host("::1"),
    host("%4"),
    host("%4g"),
    host("a\xe9"),
    host("a?b"),
  ]],
  [FAULTS.contentLength, [
    field("Content-Length:"),
    field("Content-Length: +5"),
    field("Content-Length: -5"),
    field("Content-Length: 5, 5"),
    field("Content-Length: 5 5"),
    field("Content-Length: 0x5"),
    field("Content-Length: 5.0"),
    field("Content-Length: 1000000000000000"),
    field("Content-Length: 0000000000000005"),
    field("Content-Length: 9007199254740993"),
  ]],
  [FAULTS.contentLengthRepeated, [
    field("Content-Length: 5\r\nContent-Length: 5"),
    field("Content-Length: 5\r\ncontent-length: 6"),
  ]],
  [FAULTS.lengthAndEncoding, [
    field("Content-Length: 5\r\nTransfer-Encoding: chunked"),
    field("Transfer-Encoding: chunked\r\nContent-Length: 0"),
  ]],
  [FAULTS.encodingVersion, [
    "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
    "POST / HTTP/1.0\r\nTransfer-Encoding: identity\r\n\r\n",
  ]],
  [FAULTS.encodingRepeated, [
    field("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
    field("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"),
  ]],
  [FAULTS.encoding, [
    field("Transfer-Encoding:"),
    field("Transfer-Encoding: chunked, gzip"),
    field("Transfer-Encoding: chunked, chunked"),
    field("Transfer-Encoding: chunked,"),
    field("Transfer-Encoding: ,chunked"),
    field("Transfer-Encoding: chunked;q=1"),
    field('Transfer-Encoding: "chunked"'),
    field("Transfer-Encoding: chunked chunked"),
  ]],
  [FAULTS.encodingUnknown, [
    field("Transfer-Encoding: gzip, chunked"),
    field("Transfer-Encoding: gzip;q=1 , Chunked"),
    field("Transfer-Encoding: identity"),
    field("Transfer-Encoding: xchunked"),
    field("Transfer-Encoding: chunke"),
  ]],
  [FAULTS.expectation, [
    field("Expect: 200-ok"),
    field("Expect: 100-continue, x"),
  ]],
  [FAULTS.nomination, [field("Connection: close, Content-Length")]],
  [FAULTS.obsFold, [field("A: b\r\n c"), line("GET / HTTP/1.1\r\n A: b")]],
  [FAULTS.spaceBeforeColon, [field("Content-Length : 5")]],
  [FAULTS.tooManyFields, [field("A: b\r\n".repeat(100) + "A: b")]],
];
for (const [fault, heads] of REFUSED) {
  Deno.test(`A request is refused with ${fault.status}: ${fault.reason}`, () => {
    for (const text of heads) {
      const bytes = bytesOf(text);
      assertEquals(new RequestHead().parse(bytes, 0, bytes.length, 100), fault, text);
    }
  });
}

Deno.test("Methods are kept as they are written", () => {
  for (const method of ["GET", "GEX", "HEAD", "POST", "OPTIONS", "TRACE", "get", "M-SEARCH"]) {
    assertEquals(parse(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n`)[1].method, method);
  }
  const longest = "M".repeat(32);
  assertEquals(parse(line(`${longest} / HTTP/1.1`))[1].method, longest);
});

Deno.test("A target in origin-form is forwarded unchanged, with characters that browsers send raw", () => {
  const target = '/a/b;c=%20|{}^`"<>\\?q=1?r';
  assertEquals(targetOf(line(`GET ${target} HTTP/1.1`)), {
    target,
    path: '/a/b;c=%20|{}^`"<>\\',
    host: "a",
  });
  assertEquals(targetOf(line("GET //b/ HTTP/1.1")), { target: "//b/", path: "//b/", host: "a" });
  assertEquals(targetOf(line("OPTIONS * HTTP/1.1")), { target: "*", path: "*", host: "a" });
});

Deno.test("A target in absolute-form gives its authority and a target in origin-form", () => {
  const cases: [written: string, target: string, path: string, host: string][] = [
    ["http://b.example/p?q", "/p?q", "/p", "b.example"],
    ["HTTPS://b:8443/", "/", "/", "b:8443"],
    ["http://[::1]:80/x", "/x", "/x", "[::1]:80"],
    ["http://b", "/", "/", "b"],
    ["http://b:80", "/", "/", "b:80"],
    ["http://b?q=/x", "/?q=/x", "/", "b"],
  ];
  for (const [written, target, path, host] of cases) {
    assertEquals(targetOf(line(`GET ${written} HTTP/1.1`)), { target, path, host }, written);
  }
});

Deno.test("OPTIONS for an absolute-form target without a path concerns the whole server", () => {
  const expected = { target: "*", path: "*", host: "b" };
  assertEquals(targetOf(line("OPTIONS http://b HTTP/1.1")), expected);
  assertEquals(targetOf(line("OPTIONS http://b?q HTTP/1.1")).target, "/?q");
  assertEquals(targetOf(line("OPTIONS http://b/ HTTP/1.1")).target, "/");
});

Deno.test("Hosts that RFC 3986 allows are accepted", () => {
  const hosts = ["a", "A.b-c_d~e", "127.0.0.1:80", "[2001:db8::1]", "[::]:65535", "%41", "a:", ""];
  for (const value of hosts) assertEquals(targetOf(host(value)).host, value);
});

Deno.test("A later minor version is read as 1.1", () => {
  assertEquals(parse("GET / HTTP/1.0\r\n\r\n")[1].minor, 0);
  assertEquals(parse(line("GET / HTTP/1.1"))[1].minor, 1);
  assertEquals(parse(line("GET / HTTP/1.9"))[1].minor, 1);
});

Deno.test("The only framing field determines the framing of a body", () => {
  const framing = (text: string) => {
    const [, head] = parse(field(text));
    return [head.contentLength, head.chunked];
  };
  assertEquals(framing("A: b"), [-1, false]);
  assertEquals(framing("Content-Length: 0"), [0, false]);
  assertEquals(framing("content-length:\t007 "), [7, false]);
  assertEquals(framing("Content-Length: 999999999999999"), [999999999999999, false]);
  assertEquals(framing("Transfer-Encoding: chunked"), [-1, true]);
  assertEquals(framing("TRANSFER-ENCODING:ChUnKeD "), [-1, true]);
});

Deno.test("Persistence follows version and Connection", () => {
  const cases: [version: string, connection: string, keepAlive: boolean][] = [
    ["1.1", "", true],
    ["1.1", "close", false],
    ["1.1", "CLOSE, keep-alive", false],
    ["1.1", "x", true],
    ["1.0", "", false],
    ["1.0", "Keep-Alive", true],
    ["1.0", "keep-alive, close", false],
  ];
  for (const [version, connection, keepAlive] of cases) {
    const text = `GET / HTTP/${version}\r\nHost: a\r\nConnection: ${connection}\r\n\r\n`;
    assertEquals(parse(text)[1].keepAlive, keepAlive, text);
  }
});

Deno.test("An upgrade needs field, option and HTTP/1.1", () => {
  const upgrade = "Upgrade: websocket\r\n";
  const option = "Connection: Upgrade\r\n";
  assertEquals(parse(`GET / HTTP/1.1\r\nHost: a\r\n${upgrade}${option}\r\n`)[1].upgrade, true);
  assertEquals(parse(`GET / HTTP/1.1\r\nHost: a\r\n${option}\r\n`)[1].upgrade, false);
  assertEquals(parse(`GET / HTTP/1.1\r\nHost: a\r\n${upgrade}\r\n`)[1].upgrade, false);
  assertEquals(parse(`GET / HTTP/1.0\r\nHost: a\r\n${upgrade}${option}\r\n`)[1].upgrade, false);
});

Deno.test("An expectation of HTTP/1.0 is ignored", () => {
  assertEquals(parse(field("Expect: 100-Continue"))[1].expectContinue, true);
  assertEquals(parse("GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n")[1].expectContinue, false);
});

Deno.test("The field of the request identifier is found", () => {
  assertEquals(parse(field("X-Request-Id: 1\r\nX-Request-Id: 2"))[1].requestIdField, 1);
  assertEquals(parse(field("A: b"))[1].requestIdField, -1);
});

Deno.test("No state of a request remains when the same object parses the next one", () => {
  const used = new RequestHead();
  parse(
    "OPTIONS http://b?x HTTP/1.1\r\nHost: a\r\nConnection: close, upgrade\r\nUpgrade: x\r\n" +
      "Expect: 100-continue\r\nX-Request-Id: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    used,
  );
  const text = "GET / HTTP/1.0\r\n\r\n";
  assertEquals({ ...parse(text, used)[1], fields: 0 }, { ...parse(text)[1], fields: 0 });
});

Deno.test("A head may begin anywhere in its buffer", () => {
  const bytes = bytesOf("rest" + line("GET /p HTTP/1.1") + "more");
  const head = new RequestHead();
  assertEquals(head.parse(bytes, 4, bytes.length - 4, 100), undefined);
  assertEquals([head.start, head.targetStart, head.targetEnd], [4, 8, 10]);
});
