import { assertEquals } from "@std/assert";
import { type ChannelStream, ChannelStreams } from "./channel_stream.ts";

Deno.test("a stream counts until the other thread has closed it", () => {
  const taken: ChannelStream[] = [];
  const main = new ChannelStreams(
    (id, frame) => worker.receive(id, frame),
    (stream) => taken.push(stream),
  );
  const worker: ChannelStreams = new ChannelStreams((id, frame) => main.receive(id, frame));
  const [first] = [worker.open(), worker.open()];
  assertEquals(worker.count, 2);
  first.close();
  assertEquals(worker.count, 2);
  taken[0]?.close();
  taken[1]?.close();
  assertEquals([worker.count, main.count], [0, 0]);
});
