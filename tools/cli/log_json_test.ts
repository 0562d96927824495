import { assertEquals } from "@std/assert";
import { jsonLine } from "./log_json.ts";

Deno.test("log lines: objects stay as they are, all else becomes a message", () => {
  assertEquals(jsonLine('{"level":"INFO"}'), '{"level":"INFO"}');
  assertEquals(jsonLine("ready: 3"), '{"message":"ready: 3"}');
  assertEquals(jsonLine("[1]"), '{"message":"[1]"}');
});
