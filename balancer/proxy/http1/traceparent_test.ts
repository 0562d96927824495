import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { writeRequestHead } from "./head_writer.ts";
import { RequestHead } from "./request_head.ts";
import {
  hideTraceParent,
  hideTraceState,
  readTraceParent,
  rewriteSpan,
  type TraceParent,
  traceParentText,
} from "./traceparent.ts";
import { ascii } from "./writer.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";

const ADDED = {
  requestId: ascii("id"),
  forwardedFor: ascii("::1"),
  proto: ascii("http"),
  port: ascii("80"),
  via: ascii("1.1 v"),
  underscores: false,
  withoutCookie: undefined,
};

function headOf(...fields: string[]): { bytes: Uint8Array; head: RequestHead } {
  const text = ["GET / HTTP/1.1", "Host: a", ...fields, "", ""].join("\r\n");
  // Bytes of another request precede and follow it, as in a connection's buffer.
  const bytes = Uint8Array.from(`00-${text}0-1`, (letter) => letter.charCodeAt(0));
  const head = new RequestHead();
  assertEquals(head.parse(bytes, 3, 3 + text.length, 100), undefined);
  return { bytes, head };
}

function read(...fields: string[]): TraceParent | undefined {
  const { bytes, head } = headOf(...fields);
  return readTraceParent(head.fields, bytes);
}

function sent(traceparent: string | undefined, ...fields: string[]): Uint8Array {
  const { bytes, head } = headOf(...fields);
  hideTraceParent(head.fields, bytes);
  const out = new Uint8Array(2048);
  const end = writeRequestHead(out, 0, bytes, head, { ...ADDED, trusted: false, traceparent });
  return out.subarray(0, end);
}

function textOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

Deno.test("traceparent: the specification's examples are read", () => {
  const known = { traceId: "4bf92f3577b34da6a3ce929d0e0e4736", spanId: "00f067aa0ba902b7" };
  const value = `00-${known.traceId}-${known.spanId}`;
  assertEquals(read(`traceparent: ${value}-01`), { ...known, flags: 1 });
  assertEquals(read(`traceparent: ${value}-00`), { ...known, flags: 0 });
  assertEquals(read(`TraceParent:\t${value}-03 `), { ...known, flags: 3 });
});

Deno.test("traceparent: unknown flags are left out", () => {
  assertEquals(read(`traceparent: 00-${TRACE}-${SPAN}-ff`)?.flags, 3);
  assertEquals(read(`traceparent: 00-${TRACE}-${SPAN}-fc`)?.flags, 0);
});

Deno.test("traceparent: a later version is read as far as version 00 defines", () => {
  const known = { traceId: TRACE, spanId: SPAN, flags: 1 };
  assertEquals(read(`traceparent: cc-${TRACE}-${SPAN}-01`), known);
  assertEquals(read(`traceparent: cc-${TRACE}-${SPAN}-01-what the future brings`), known);
  assertEquals(read(`traceparent: cc-${TRACE}-${SPAN}-01.what`), undefined);
  assertEquals(read(`traceparent: cc-${TRACE}-${SPAN}-011`), undefined);
});

Deno.test("traceparent: an invalid value counts as missing", () => {
  const wrong = [
    "",
    "00",
    `00-${TRACE}-${SPAN}`,
    `00-${TRACE}-${SPAN}-`,
    `00-${TRACE}-${SPAN}-1`,
    `00-${TRACE}-${SPAN}-01-`,
    `00-${TRACE}-${SPAN}-01-more`,
    `00-${TRACE}-${SPAN}-0x`,
    `0-${TRACE}-${SPAN}-01`,
    `ff-${TRACE}-${SPAN}-01`,
    `FF-${TRACE}-${SPAN}-01`,
    `.0-${TRACE}-${SPAN}-01`,
    `00-${"0".repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${"0".repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${TRACE}-${SPAN.toUpperCase()}-01`,
    `00-${TRACE.slice(1)}-${SPAN}-01`,
    `00-${TRACE}-${SPAN.slice(1)}-01`,
    `00_${TRACE}-${SPAN}-01`,
    `00-${TRACE}_${SPAN}-01`,
    `00-${TRACE}-${SPAN}_01`,
    `00-${TRACE}\xe9${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`,
  ];
  for (const value of wrong) assertEquals(read(`traceparent: ${value}`), undefined, value);
  assertEquals(read("tracestate: a=1"), undefined);
});

Deno.test("traceparent: a repeated field counts as missing", () => {
  const line = `traceparent: 00-${TRACE}-${SPAN}-01`;
  assertEquals(read(line, line), undefined);
  assertEquals(read(line, "Traceparent: x"), undefined);
});

Deno.test("traceparent: a field that Connection names is ignored", () => {
  assertEquals(read(`traceparent: 00-${TRACE}-${SPAN}-01`, "Connection: traceparent"), undefined);
});

Deno.test("traceparent: valid values are parsed back from the written text, and no others", () => {
  const digits = (length: number) =>
    fc.string({
      unit: fc.constantFrom(..."0123456789abcdef"),
      minLength: length,
      maxLength: length,
    })
      .filter((text) => /[^0]/.test(text));
  const parent = fc.record({
    traceId: digits(32),
    spanId: digits(16),
    flags: fc.integer({ min: 0, max: 3 }),
  });
  fc.assert(fc.property(parent, (wanted) => {
    assertEquals(read("A: b", `traceparent: ${traceParentText(wanted)}`, "C: d"), wanted);
  }));
  const noise = fc.string({ unit: fc.constantFrom(..."0af-Gg., \t\x80"), maxLength: 70 });
  fc.assert(fc.property(noise, (value) => {
    const found = read(`traceparent: ${value}`);
    const form = /^(?!ff)([0-9a-f]{2})-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(?:$|(?<!^00.*)-)/;
    assertEquals(found !== undefined && !form.test(value.trim()), false, value);
  }));
});

Deno.test("traceparent: the proxy's field replaces the client's, and can name another span", () => {
  const ours = { traceId: TRACE, spanId: "00f067aa0ba902b7", flags: 1 };
  const head = sent(traceParentText(ours), "TRACEPARENT: nonsense", "tracestate: a=1", "B: c");
  assertEquals(textOf(head).match(/^trace.*$/gim), [
    "tracestate: a=1",
    `traceparent: 00-${TRACE}-00f067aa0ba902b7-01`,
  ]);
  rewriteSpan(head, head.length, SPAN);
  assertEquals(
    textOf(head).slice(-77),
    `: id\r\ntraceparent: 00-${TRACE}-${SPAN}-01\r\n\r\n`.slice(-77),
  );
});

Deno.test("traceparent: the field is the last line of a head, also with an upgrade or a coding", () => {
  const ours = traceParentText({ traceId: TRACE, spanId: SPAN, flags: 0 });
  for (
    const fields of [["Connection: upgrade", "Upgrade: a"], ["Transfer-Encoding: chunked"]]
  ) {
    const head = sent(ours, ...fields);
    rewriteSpan(head, head.length, "00f067aa0ba902b7");
    assertEquals(
      textOf(head).endsWith(`\r\ntraceparent: 00-${TRACE}-00f067aa0ba902b7-00\r\n\r\n`),
      true,
    );
  }
});

Deno.test("traceparent: a state without a trace is not forwarded", () => {
  const { bytes, head } = headOf("tracestate: a=1", "TraceState: b=2", "B: c");
  hideTraceState(head.fields, bytes);
  const out = new Uint8Array(2048);
  const rest = { ...ADDED, trusted: false, traceparent: undefined };
  const text = textOf(out.subarray(0, writeRequestHead(out, 0, bytes, head, rest)));
  assertEquals(/tracestate/i.test(text), false);
  assertEquals(text.includes("\r\nB: c\r\n"), true);
});
