import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { OUTPUT_TAIL_LINES } from "./engine.ts";
import { LONGEST_LINE, OutputTail } from "./output_tail.ts";

const encoder = new TextEncoder();

function tailOf(...pieces: (string | [stream: number, text: string])[]): readonly string[] {
  const tail = new OutputTail();
  for (const piece of pieces) {
    const [stream, text] = typeof piece === "string" ? [1, piece] as const : piece;
    tail.feed(stream, encoder.encode(text));
  }
  return tail.lines;
}

Deno.test("output tail: lines keep their order for every split of the bytes", () => {
  assertEquals(tailOf("on", "e\ntwo\r\n", "\nthr", "ee"), ["one", "two", "", "three"]);
  assertEquals(tailOf(), []);
});

Deno.test("output tail: each stream finishes its own lines", () => {
  assertEquals(tailOf([1, "out"], [2, "err\n"], [1, " goes on\n"]), ["err", "out goes on"]);
});

Deno.test("output tail: only the last lines are kept", () => {
  const lines = Array.from({ length: 100 }, (_, i) => `line ${i}`);
  const last = lines.slice(-OUTPUT_TAIL_LINES);
  assertEquals(tailOf(lines.join("\n")), last);
  assertEquals(tailOf(...lines.map((line) => `${line}\n`)), last);
});

Deno.test("output tail: a long line is truncated between characters", () => {
  const long = "é€".repeat(LONGEST_LINE);
  assertEquals(tailOf(long, long, "\nnext"), [long.slice(0, LONGEST_LINE), "next"]);
});

Deno.test("output tail: invalid UTF-8 does no harm", () => {
  const tail = new OutputTail();
  tail.feed(1, new Uint8Array([0xff, 0xfe, 10, 0xc3]));
  assertEquals(tail.lines, ["\ufffd\ufffd", "\ufffd"]);
});

Deno.test("output tail: every split of a text has the same last lines", () => {
  const text = fc.array(fc.constantFrom("a", "bc", "\n", "\n\n", "\r\n"), { maxLength: 200 });
  fc.assert(fc.property(text, fc.array(fc.nat(200)), (parts, cuts) => {
    const whole = parts.join("");
    const at = [0, ...cuts.sort((a, b) => a - b)];
    const pieces = at.map((from, i) => whole.slice(from, at[i + 1] ?? whole.length));
    const lines = whole.split("\n");
    if (lines.at(-1) === "") lines.pop();
    const expected = lines.map((line) => line.replace(/\r$/, "")).slice(-OUTPUT_TAIL_LINES);
    assertEquals(tailOf(...pieces), expected);
  }));
});

Deno.test("output tail: control characters that JSON does not escape are escaped", () => {
  const tail = new OutputTail();
  tail.feed(0, new TextEncoder().encode("a\u009b2J\u007f\tb\n"));
  assertEquals(tail.lines, ["a\\u009b2J\\u007f\tb"]);
});
