import { assertEquals, assertRejects } from "@std/assert";
import { eventData, SilenceLimit } from "./event_data.ts";

Deno.test("event data: events are parsed in any segmentation; comments count as received data", async () => {
  const text = 'event: a\ndata: {"n":1}\n\n: alive\n\ndata: {"name":"Zoë"}\n\n';
  const bytes = new TextEncoder().encode(text);
  let heard = 0;
  const body = ReadableStream.from(Array.from(bytes, (byte) => Uint8Array.of(byte)));
  const found = await Array.fromAsync(eventData(new Response(body), () => heard++));
  assertEquals(found, [{ n: 1 }, { name: "Zoë" }]);
  assertEquals(heard, bytes.length);
});

Deno.test("event data: silence beyond the limit aborts with a TimeoutError", async () => {
  using limit = new SilenceLimit(60_000);
  limit.restart(1);
  const aborted = new Promise((_, reject) => {
    limit.signal.addEventListener("abort", () => reject(limit.signal.reason));
  });
  const error = await assertRejects(() => aborted, DOMException);
  assertEquals([error.name, limit.ms], ["TimeoutError", 1]);
});
