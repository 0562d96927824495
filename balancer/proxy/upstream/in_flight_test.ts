import { assertEquals } from "@std/assert";
import { within } from "../../../tests/harness/raw.ts";
import { type Gauge, InFlight } from "./in_flight.ts";
import { LoadCell, loadIn, sharedLoads, strikeOut } from "./shared_load.ts";

const LONG = { requestsMs: 60_000, streamsMs: 60_000 };

/** Turns a request into a stream that ends as soon as it is closed. */
function stream(gauge: Gauge): { closed: number; end: () => void } {
  const one = { closed: 0, end: () => {} };
  const over = gauge.stream(() => {
    one.closed++;
    one.end();
  });
  one.end = () => {
    over();
    gauge.leave();
  };
  return one;
}

Deno.test("an instance is idle when its last request has left", async () => {
  const inFlight = new InFlight();
  assertEquals(await inFlight.idle("i1", { requestsMs: 0, streamsMs: 0 }), true);
  const gauge = inFlight.gauge("i1");
  gauge.enter();
  gauge.enter();
  inFlight.gauge("i2").enter();
  const idle = inFlight.idle("i1", LONG);
  gauge.leave();
  assertEquals(inFlight.gauge("i1").count, 1);
  gauge.leave();
  assertEquals(await idle, true);
  assertEquals(inFlight.gauge("i2").count, 1);
});

Deno.test("an instance that is still busy at the deadline is not idle", async () => {
  const inFlight = new InFlight();
  inFlight.gauge("i1").enter();
  assertEquals(await inFlight.idle("i1", { requestsMs: 1, streamsMs: 1 }), false);
});

Deno.test("a stream is waited for and closed at its own deadline, before that of requests", async () => {
  const gauge = new InFlight().gauge("i1");
  gauge.enter();
  gauge.enter();
  const one = stream(gauge);
  const closed = Promise.withResolvers<void>();
  const { end } = one;
  one.end = () => {
    end();
    closed.resolve();
  };
  const idle = gauge.idle({ requestsMs: 60_000, streamsMs: 1 });
  await within("the close of the stream", closed.promise);
  assertEquals(gauge.count, 1);
  gauge.leave();
  assertEquals([await idle, one.closed], [true, 1]);
});

Deno.test("a stream may run longer than requests, up to its own deadline", async () => {
  const gauge = new InFlight().gauge("i1");
  gauge.enter();
  const one = stream(gauge);
  const idle = gauge.idle({ requestsMs: 0, streamsMs: 60_000 });
  await new Promise((resolve) => setTimeout(resolve, 5));
  assertEquals([gauge.count, one.closed], [1, 0]);
  one.end();
  assertEquals([await idle, one.closed], [true, 0]);
});

Deno.test("a request that becomes a stream after the streams' deadline is closed", async () => {
  const gauge = new InFlight().gauge("i1");
  gauge.enter();
  const idle = gauge.idle({ requestsMs: 60_000, streamsMs: 0 });
  await new Promise((resolve) => setTimeout(resolve, 5));
  const one = stream(gauge);
  assertEquals([await idle, one.closed], [true, 1]);
});

Deno.test("all workers see each other's requests in flight, streams included", () => {
  const memory = sharedLoads(2);
  const [one, other] = [0, 1].map((row) =>
    new InFlight().gauge("i1", new LoadCell(memory, row, 5, true))
  );
  one!.enter();
  one!.enter();
  other!.enter();
  assertEquals([one!.everywhere, other!.everywhere, loadIn(memory, 0)], [3, 3, 3]);
  const open = stream(one!);
  assertEquals([one!.count, other!.everywhere], [2, 3]);
  open.end();
  assertEquals([one!.everywhere, other!.everywhere, loadIn(memory, 0)], [2, 2, 2]);
  strikeOut(memory, 0, 5);
  assertEquals([other!.everywhere, loadIn(memory, 0)], [1, 1], "its worker crashed");
});

Deno.test("an instance is forgotten only when nothing is in flight to it", async () => {
  const inFlight = new InFlight();
  const gauge = inFlight.gauge("i1");
  gauge.enter();
  const one = stream(gauge);
  inFlight.forget("i1");
  const idle = inFlight.idle("i1", LONG);
  assertEquals(gauge.count, 1);
  one.end();
  assertEquals(await idle, true);
  assertEquals(inFlight.gauge("i1") === gauge, false);
});

Deno.test("an instance that was forgotten and returns is counted again", async () => {
  const inFlight = new InFlight();
  const gauge = inFlight.gauge("i1");
  gauge.enter();
  inFlight.forget("i1");
  assertEquals(inFlight.gauge("i1"), gauge);
  gauge.leave();
  inFlight.gauge("i1").enter();
  assertEquals(gauge.count, 1);
  assertEquals(await inFlight.idle("i1", { requestsMs: 1, streamsMs: 1 }), false);
});
