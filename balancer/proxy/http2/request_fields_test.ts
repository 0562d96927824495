import { assert, assertEquals } from "@std/assert";
import { latin1 } from "../http1/latin1.ts";
import { RequestHead } from "../http1/request_head.ts";
import { HpackDecoder } from "./hpack_decoder.ts";
import { RequestFields } from "./request_fields.ts";
import { blockOf, GET, type Pair, POST } from "./testing.ts";

const LIMITS = { headBytes: 1000, fields: 20 };

function read(pairs: readonly Pair[], trailers = false): RequestFields {
  const fields = new RequestFields(LIMITS);
  const block = blockOf(pairs);
  fields.begin(trailers);
  new HpackDecoder().decode(block, 0, block.length, fields);
  return fields;
}

function headOf(pairs: readonly Pair[], end = true): string {
  const fields = read(pairs);
  fields.conclude(end);
  assert(!fields.malformed);
  const head = fields.head(end);
  return latin1(head, 0, head.length);
}

function isMalformed(pairs: readonly Pair[], end = true): boolean {
  const fields = read(pairs);
  fields.conclude(end);
  return fields.malformed;
}

Deno.test("A request is written as the head of HTTP/1.1 that says the same", () => {
  const fields: Pair[] = [["accept", "*/*"], ["cookie", "a=1"], ["x-a", "é"], ["cookie", "b=2"]];
  assertEquals(
    headOf([...GET, ...fields]),
    "GET / HTTP/1.1\r\nhost: a.example\r\naccept: */*\r\nx-a: é\r\ncookie: a=1; b=2\r\n\r\n",
  );
});

Deno.test("A body has a length or chunks, and a method with a body says that there is none", () => {
  const ends = (pairs: readonly Pair[], end: boolean) => headOf(pairs, end).split("\r\n").at(-3);
  assertEquals(ends(POST, true), "content-length: 0");
  assertEquals(ends(POST, false), "transfer-encoding: chunked");
  assertEquals(ends([...POST, ["content-length", "5"]], false), "content-length: 5");
  assertEquals(ends(GET, true), "host: a.example");
});

Deno.test("Host counts without :authority, and must not differ from it", () => {
  const without = GET.slice(0, 3);
  assertEquals(headOf([...without, ["host", "b.example"]]).split("\r\n")[1], "host: b.example");
  assertEquals(headOf([...GET, ["host", "A.Example"]]).split("\r\n")[1], "host: a.example");
  assert(isMalformed([...GET, ["host", "b.example"]]));
  assert(isMalformed([...without, ["host", "a"], ["host", "a"]]));
});

/** A line end, or the beginning of a second request, in every place that has room for it. */
const INJECTIONS = ["\r\n", "\n", "\r", "\0", " HTTP/1.1\r\nHost: b\r\n\r\nGET /admin"];

Deno.test("No byte of a field ends a line of the head, or begins another request", () => {
  for (const bad of INJECTIONS) {
    for (const index of GET.keys()) {
      const pairs = GET.map(([n, v], i): Pair => i === index ? [n, `${v}${bad}`] : [n, v]);
      assert(isMalformed(pairs), `${GET[index]} ${JSON.stringify(bad)}`);
    }
    assert(isMalformed([...GET, ["x-a", `b${bad}c`]]));
    assert(isMalformed([...GET, [`x${bad}-a`, "b"]]));
  }
});

Deno.test("Every accepted list of fields is one request for the parser of HTTP/1.1", () => {
  const head = new RequestHead();
  const odd = ["GET", "/", "/a b", "//a", "*", "", "a@b", "%0d%0a", "#", "é", "\x7f", "\t", "x y"];
  let accepted = 0;
  for (const name of [":method", ":scheme", ":path", ":authority", "x-a", "te", "expect"]) {
    for (const value of odd) {
      const pairs = [...GET.filter(([known]) => known !== name), [name, value] as Pair];
      const ordered = pairs.toSorted(([a], [b]) => Number(b[0] === ":") - Number(a[0] === ":"));
      if (isMalformed(ordered)) continue;
      const text = headOf(ordered);
      const bytes = Uint8Array.from(text, (c) => c.charCodeAt(0));
      accepted++;
      assertEquals(text.indexOf("\r\n\r\n"), text.length - 4);
      head.parse(bytes, 0, bytes.length, 100);
    }
  }
  assert(accepted > 20);
});

Deno.test("A head beyond a limit is longer than the limit and has no end", () => {
  const long: Pair[] = Array.from({ length: 12 }, (_, i) => [`x-${i}`, "v".repeat(100)]);
  const many: Pair[] = Array.from({ length: 25 }, (_, i) => [`x-${i}`, ""]);
  for (const pairs of [[...GET, ...long], [...GET, ...many], [...GET, ["x", "v".repeat(5000)]]]) {
    const text = headOf(pairs as Pair[]);
    assertEquals(text.length, LIMITS.headBytes + 1);
    assert(!text.includes("\r\n\r\n"));
  }
});

Deno.test("A trailer section has no pseudo-header fields and no length", () => {
  assert(read([[":path", "/"]], true).malformed);
  assert(read([["content-length", "1"]], true).malformed);
  const fields = read([["x-sum", "1"], ["x-b", ""]], true);
  assertEquals(latin1(fields.trailerLines(), 0, 17), "x-sum: 1\r\nx-b: \r\n");
});
