/**
 * Messages to mutate: most are valid, all resemble deliberate messages.
 *
 * @module
 */

import type { Random } from "./fuzz_random.ts";

const METHODS = ["GET", "GET", "POST", "PUT", "HEAD", "OPTIONS", "TRACE", "PATCH", "BREW", "get"];
const TARGETS = [
  "/",
  "/a/b?c=d&e=%20",
  "/x|y{z}",
  "/?",
  "http://a.example/p?q",
  "http://a.example",
  "HTTPS://[::1]:8443?x",
  "*",
  "//evil/",
];
const HOSTS = [
  "a.example",
  "a.example:80",
  "[2001:db8::1]:8080",
  "127.0.0.1",
  "",
  "%41-b_c:",
  "a:65535",
];
const REQUEST_FRAMINGS = [
  "",
  "",
  "Content-Length: 5\r\n",
  "content-length:0\r\n",
  "Content-Length: 999999999999999\r\n",
  "Transfer-Encoding: chunked\r\n",
  "transfer-encoding:\tCHUNKED \r\n",
  "Transfer-Encoding: gzip, chunked\r\n",
  "Transfer-Encoding: chunked, gzip\r\n",
  "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
  "Content-Length: 5\r\nContent-Length: 5\r\n",
  "Content-Length: 5, 5\r\nContent-Length: 05\r\n",
  "Content-Length: 5, 6\r\n",
  "Transfer-Encoding: ,chunked,\r\n",
];
const FIELDS = [
  "User-Agent: fuzz/1.0 (x; y)",
  "Accept:*/*",
  "X-Empty:",
  "X-Latin: caf\xe9 \t z",
  "Connection: keep-alive",
  "Connection: close, X-Empty",
  "Connection: upgrade",
  "Connection: TE,, User-Agent ,",
  "Connection: Trailer",
  "Connection: host",
  "Connection: Cookie",
  "Connection: keep-alive;",
  "Connection: keep-alive; timeout=5, X-Empty ;q",
  "Connection: Transfer-Encoding, X_Under",
  "Keep-Alive: timeout=5",
  "HTTP2-Settings: AAMAAABkAAQAAP__",
  "Upgrade: h2c",
  "Upgrade: h2c, websocket ,,x/1",
  "TE: gzip, trailers",
  "Expect:",
  "Max-Forwards: 0",
  "Max-Forwards: 10",
  "Date: Sun, 06 Nov 1994 08:49:37 GMT",
  "Folded: a\r\n  b",
  "Spaced \t : c",
  "Control: a\x01b\x7f",
  "Forwarded: for=192.0.2.60",
  "X-Real-IP: 192.0.2.60",
  "X_Real-IP: 192.0.2.60",
  "X.Forwarded.For: 192.0.2.60",
  "X-Forwarded-Ssl: on",
  "X-Forwarded-Port: 443",
  "X_Under: 1",
  "X-Dot.ted: 1",
  "Content_Length: 5",
  "Upgrade: websocket",
  "TE: trailers",
  "Trailer: X-Sum",
  "Proxy-Authorization: Basic eA==",
  "Proxy-Connection: keep-alive",
  "Expect: 100-continue",
  "Via: 1.0 fred, 1.1 p",
  "X-Forwarded-For: 10.0.0.1, 10.0.0.2",
  "X-Forwarded-For:",
  "X-Forwarded-Proto: https",
  "X-Forwarded-Host: b.example",
  "X-Request-Id: 0123456789abcdef",
  "Cookie: a=b; c=d",
  "Cookie: c=1 ;\tcc=2;; C=3; c",
  "cookie: c =d;c= e",
  "Set-Cookie: c=x; Path=/",
  "set-cookie:c =x",
  "Set-Cookie: cc=x; c=y",
  "x-ring-SLOT: 7",
  "X-Ring-epoch: 7",
  "X-Ring-Replica:Evil",
];
const STATUSES = ["200 OK", "204 No Content", "304 Not Modified", "101 Switching Protocols"];
const STATUS_LINES = [
  ...STATUSES,
  "100 Continue",
  "404",
  "503 ",
  "599 \xfcber",
  "200  two",
  "999 a\x01b",
  "426 Go",
];
const EXTENSIONS = ["", "", "", " ", "\t ", ";a", ";a=b", ' ;a="x;y"', "\t; a = b"];
const TRAILERS = [
  "",
  "",
  "X-Sum: 5\r\n",
  "A:\r\nB: c\r\n",
  "X_Real_Ip: a\r\n",
  "X_Y: a\r\n",
  "Via: 1\r\nA: b\r\n",
  "Content-Length: 5\r\n",
  "Host: a\r\n",
];

/** A request head, with its empty line. */
export function requestHead(random: Random): string {
  const version = random.once(5) ? "HTTP/1.0" : "HTTP/1.1";
  const host = random.once(12) ? "" : `Host: ${random.pick(HOSTS)}\r\n`;
  const line = `${random.pick(METHODS)} ${random.pick(TARGETS)} ${version}\r\n`;
  return line + host + fieldLines(random) + random.pick(REQUEST_FRAMINGS) + "\r\n";
}

/** A response head, with its empty line. */
export function responseHead(random: Random): string {
  const version = random.once(5) ? "HTTP/1.0" : "HTTP/1.1";
  const line = `${version} ${random.pick(STATUS_LINES)}\r\n`;
  return line + fieldLines(random) + random.pick(REQUEST_FRAMINGS) + "\r\n";
}

/** A chunked body with its trailer section. */
export function chunkedBody(random: Random): string {
  let body = "";
  for (let left = random.below(4); left > 0; left--) {
    const size = random.once(4) ? random.below(64) + 1 : random.below(12) + 1;
    const digits = size.toString(16).padStart(random.below(random.once(9) ? 20 : 3), "0");
    const data = random.pick(["x", "\r", "\n", "\0", "0"]).repeat(size);
    body += `${digits}${random.pick(EXTENSIONS)}\r\n${data}\r\n`;
  }
  return body + `${random.pick(["0", "00", "0;last", "0 "])}\r\n${random.pick(TRAILERS)}\r\n`;
}

function fieldLines(random: Random): string {
  let lines = "";
  for (let left = random.below(6); left > 0; left--) lines += random.pick(FIELDS) + "\r\n";
  return lines;
}
