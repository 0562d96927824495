import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { LAST_WORDS } from "./engine.ts";
import { LastWords, LONGEST_LINE } from "./last_words.ts";

const encoder = new TextEncoder();

function wordsOf(...pieces: (string | [stream: number, text: string])[]): readonly string[] {
  const words = new LastWords();
  for (const piece of pieces) {
    const [stream, text] = typeof piece === "string" ? [1, piece] as const : piece;
    words.feed(stream, encoder.encode(text));
  }
  return words.lines;
}

Deno.test("last words: lines come in their order, wherever the bytes are cut", () => {
  assertEquals(wordsOf("on", "e\ntwo\r\n", "\nthr", "ee"), ["one", "two", "", "three"]);
  assertEquals(wordsOf(), []);
});

Deno.test("last words: each stream finishes its own lines", () => {
  assertEquals(wordsOf([1, "out"], [2, "err\n"], [1, " goes on\n"]), ["err", "out goes on"]);
});

Deno.test("last words: only the last lines are kept", () => {
  const lines = Array.from({ length: 100 }, (_, i) => `line ${i}`);
  const last = lines.slice(-LAST_WORDS);
  assertEquals(wordsOf(lines.join("\n")), last);
  assertEquals(wordsOf(...lines.map((line) => `${line}\n`)), last);
});

Deno.test("last words: of a long line the beginning is kept, in whole characters", () => {
  const long = "é€".repeat(LONGEST_LINE);
  assertEquals(wordsOf(long, long, "\nnext"), [long.slice(0, LONGEST_LINE), "next"]);
});

Deno.test("last words: bytes that are no text do no harm", () => {
  const words = new LastWords();
  words.feed(1, new Uint8Array([0xff, 0xfe, 10, 0xc3]));
  assertEquals(words.lines, ["\ufffd\ufffd", "\ufffd"]);
});

Deno.test("last words: they are those of the whole text, however it is cut", () => {
  const text = fc.array(fc.constantFrom("a", "bc", "\n", "\n\n", "\r\n"), { maxLength: 200 });
  fc.assert(fc.property(text, fc.array(fc.nat(200)), (parts, cuts) => {
    const whole = parts.join("");
    const at = [0, ...cuts.sort((a, b) => a - b)];
    const pieces = at.map((from, i) => whole.slice(from, at[i + 1] ?? whole.length));
    const lines = whole.split("\n");
    if (lines.at(-1) === "") lines.pop();
    const expected = lines.map((line) => line.replace(/\r$/, "")).slice(-LAST_WORDS);
    assertEquals(wordsOf(...pieces), expected);
  }));
});

Deno.test("last words: control characters that JSON does not escape are escaped", () => {
  const words = new LastWords();
  words.feed(0, new TextEncoder().encode("a\u009b2J\u007f\tb\n"));
  assertEquals(words.lines, ["a\\u009b2J\\u007f\tb"]);
});
