import { assertEquals } from "@std/assert";
import { lastLines } from "./docker_logs.ts";

function frame(stream: number, text: string): number[] {
  const bytes = new TextEncoder().encode(text);
  return [stream, 0, 0, 0, 0, 0, bytes.length >> 8, bytes.length & 255, ...bytes];
}

Deno.test("docker logs: frames of both streams become lines", () => {
  const log = [...frame(1, "one\n"), ...frame(2, "two"), ...frame(1, "three\n"), ...frame(2, "\n")];
  assertEquals(lastLines(new Uint8Array(log)), ["one", "three", "two"]);
  assertEquals(lastLines(new Uint8Array()), []);
});

Deno.test("docker logs: a frame longer than 255 bytes is read whole", () => {
  assertEquals(lastLines(new Uint8Array(frame(1, "x".repeat(300)))), ["x".repeat(300)]);
});

Deno.test("docker logs: a truncated log is read up to its end", () => {
  const log = [...frame(1, "one\n"), ...frame(1, "two\n")];
  assertEquals(lastLines(new Uint8Array(log.slice(0, -2))), ["one", "tw"]);
  assertEquals(lastLines(new Uint8Array(log.slice(0, 15))), ["one"]);
});
