import { assert, assertEquals } from "@std/assert";
import { LONGEST_LINE_BYTES } from "./line_reader.ts";
import { recordingReplicaLog } from "./log_harness.ts";
import { BURST_BYTES, RATE_BYTES } from "./replica_log.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("replica log: lines are complete for every split of the bytes, each stream for itself", () => {
  const { log, lines } = recordingReplicaLog("Server1");
  for (const byte of bytes("Grüße, 世界\r\n\nlast")) log.feed(0, Uint8Array.of(byte));
  log.feed(1, bytes("err"));
  log.end();
  assertEquals(lines, ["stdout Grüße, 世界", "stdout ", "stdout last", "stderr err"]);
});

Deno.test("replica log: a long line is truncated with the number of missing bytes", () => {
  const { log, lines, fields } = recordingReplicaLog("Server1");
  for (let i = 0; i < 3; i++) log.feed(0, bytes("x".repeat(LONGEST_LINE_BYTES)));
  log.feed(0, bytes("\nnext\n"));
  assertEquals(lines, [`stdout ${"x".repeat(LONGEST_LINE_BYTES)}`, "stdout next"]);
  const [cut, next] = fields.map(({ cutBytes }) => cutBytes);
  assertEquals([cut, next], [2 * LONGEST_LINE_BYTES, undefined]);
  log.end();
});

Deno.test("replica log: the name of a spare that replaces a replica changes with it", () => {
  const { log, fields } = recordingReplicaLog("spare-1");
  log.feed(0, bytes("before\n"));
  log.name = "Server2";
  log.feed(0, bytes("after\n"));
  assertEquals(fields.map(({ replica }) => replica), ["spare-1", "Server2"]);
});

Deno.test("replica log: above the rate lines are dropped and counted, and none is half a line", () => {
  const { log, lines, dropped } = recordingReplicaLog("Server1");
  const begunAt = performance.now();
  const line = `${"y".repeat(99)}\n`;
  const fed = 20_000;
  // Pieces of 3333 bytes split most lines.
  const flood = bytes(line.repeat(fed));
  for (let at = 0; at < flood.length; at += 3333) log.feed(0, flood.subarray(at, at + 3333));
  log.end();
  const seconds = (performance.now() - begunAt) / 1000;
  assert(lines.length * line.length <= BURST_BYTES + RATE_BYTES * (seconds + 1), `${lines.length}`);
  assert(lines.length > 0 && dropped() > 0);
  // A line whose beginning was dropped counts as dropped.
  assertEquals(lines.length + dropped(), fed);
  assert(lines.every((text) => text === `stdout ${"y".repeat(99)}`));
});
