import { assert, assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import { accessLine } from "./access_log_format.ts";
import { KeyRedaction } from "./key_redaction.ts";
import { type RequestLine, RequestRecord } from "./request_record.ts";

const line = accessLine("combined", new KeyRedaction({ from: "request-id" }));

function recordOf(request: RequestLine | undefined, changes: Partial<RequestRecord> = {}) {
  const record = new RequestRecord("192.0.2.7", 0);
  record.line = request;
  record.end("answered");
  return Object.assign(record, { status: 200, bytesOut: 2326, ...changes });
}

const GET: RequestLine = {
  method: "GET",
  target: "/apache_pb.gif?size=1",
  minor: 0,
  referer: "http://www.example.com/start.html",
  userAgent: "Mozilla/4.08 [en] (Win98; I ;Nav)",
};

/** The fields of a line, by a pattern that log analysers use. */
const FORMAT =
  /^(\S+) (\S+) (\S+) \[([^\]]+)\] "((?:[^"\\]|\\.)*)" (\d{3}) (\d+|-) "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)"\n$/;

Deno.test("a line equals the one in Apache's documentation, with query, Referer and User-Agent", () => {
  const endedAt = Date.UTC(2000, 9, 10, 20, 55, 36, 999);
  assertEquals(
    line(recordOf(GET, { endedAt })),
    '192.0.2.7 - - [10/Oct/2000:20:55:36 +0000] "GET /apache_pb.gif?size=1 HTTP/1.0" 200 2326 ' +
      '"http://www.example.com/start.html" "Mozilla/4.08 [en] (Win98; I ;Nav)"\n',
  );
});

Deno.test("a missing field is a hyphen, a client that left has status 499", () => {
  const { referer: _, userAgent: __, ...bare } = GET;
  assertMatch(
    line(recordOf({ ...bare, minor: 1 }, { bytesOut: 0 })),
    /HTTP\/1\.1" 200 - "-" "-"\n$/,
  );
  assertMatch(line(recordOf(undefined, { status: 400 })), /\] "-" 400 2326 "-" "-"\n$/);
  assertMatch(line(recordOf(GET, { status: 0, outcome: "left" })), /HTTP\/1\.0" 499 2326 /);
});

Deno.test("whatever bytes a client sends, a line stays one line of nine fields, all of it printable", () => {
  const hostile = fc.string({
    unit: fc.oneof(
      fc.constantFrom('"', "\\", "\n", "\r", "]", " ", "\x1b", "\x9b", "\x7f", "\x00", "-"),
      fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
    ),
    maxLength: 40,
  });
  fc.assert(
    fc.property(hostile, hostile, hostile, (target, referer, userAgent) => {
      const text = line(recordOf({ ...GET, target: `/${target}`, referer, userAgent }));
      assertMatch(text.slice(0, -1), /^[ -~]*$/);
      const fields = FORMAT.exec(text);
      assert(fields, text);
      assertEquals(decoded(fields[5]!), `GET /${target} HTTP/1.0`);
      assertEquals(decoded(fields[8]!), referer || "-");
      assertEquals(decoded(fields[9]!), userAgent || "-");
    }),
    { seed: 15, numRuns: 500 },
  );
});

Deno.test("text from clients is cut", () => {
  const long = "x".repeat(5000);
  const text = line(recordOf({ ...GET, target: `/${long}`, referer: long, userAgent: long }));
  assert(text.length < 4096 && FORMAT.test(text));
});

function decoded(text: string): string {
  return text.replace(/\\x([0-9A-F]{2})/g, (_, code) => String.fromCharCode(parseInt(code, 16)));
}
