import { assert, assertEquals } from "@std/assert";
import { KeyRedaction } from "./key_redaction.ts";
import { AccessLog, WAITING_BYTES } from "./access_log.ts";
import { RecordSampler } from "./record_sampler.ts";
import { RequestRecord } from "./request_record.ts";
import { RoutingTable } from "../routing/routing_table.ts";
import { WorkerCounters } from "../stats/worker_counters.ts";
import { CounterTable } from "../stats/counter_table.ts";

/** An access log whose batches the test takes. */
function accessLog() {
  const book = new CounterTable(1);
  const open = () => {
    throw new Error("nobody is ready");
  };
  const recorder = new RecordSampler(new RoutingTable({ open, retire: () => {} }));
  const batches: { lines: string[]; lost: number }[] = [];
  const log = new AccessLog({
    style: "json",
    keys: new KeyRedaction({ from: "request-id" }),
    recorder,
    counters: new WorkerCounters(book.workers, 0).own,
    take: (bytes, lost) => {
      const text = new TextDecoder().decode(bytes);
      batches.push({ lines: text.split("\n").slice(0, -1), lost });
    },
  });
  return { log, recorder, batches, counts: () => book.counts().workers };
}

function ended(sampled: boolean, status = 200, path = "/"): RequestRecord {
  const record = new RequestRecord("127.0.0.1", 0);
  record.sampled = sampled;
  record.line = { method: "GET", target: path, minor: 1 };
  record.answer(status);
  record.end("answered");
  return record;
}

Deno.test("lines go out in batches, one at a time", () => {
  const { log, recorder, batches, counts } = accessLog();
  for (const _ of [1, 2]) recorder.recorded(ended(true));
  assertEquals(batches.length, 0);
  log.tick();
  recorder.recorded(ended(true));
  log.tick();
  assertEquals(batches.map(({ lines }) => lines.length), [2]);
  log.written(true);
  log.tick();
  log.tick();
  assertEquals(batches.map(({ lines }) => lines.length), [2, 1]);
  log.written(false);
  assertEquals([counts().loggedLines, counts().lostLines], [2, 1]);
});

Deno.test("without a reader the waiting lines are bounded, and losses are reported with the next batch", () => {
  const { log, recorder, batches, counts } = accessLog();
  const long = `/${"x".repeat(1000)}`;
  recorder.recorded(ended(true));
  log.tick();
  let lines = 0;
  while (counts().lostLines === 0) {
    recorder.recorded(ended(true, 200, long));
    lines++;
  }
  assertEquals(batches.length, 1);
  recorder.recorded(ended(true, 200, long));
  log.written(true);
  assertEquals(batches.map((one) => [one.lines.length, one.lost]), [[1, 0], [lines - 1, 2]]);
  const length = batches[1]!.lines.reduce((sum, line) => sum + line.length + 1, 0);
  assert(length <= WAITING_BYTES && length > WAITING_BYTES - 3 * 4096, `${length}`);
  log.written(true);
  log.tick();
  assertEquals([batches.length, counts().loggedLines, counts().lostLines], [2, lines, 2]);
});

Deno.test("losses are reported even if no line follows", () => {
  const { log, recorder, batches } = accessLog();
  recorder.recorded(ended(true));
  log.tick();
  log.written(false);
  log.tick();
  assertEquals(batches.at(-1), { lines: [], lost: 1 });
});

Deno.test("with partial sampling, failed requests are logged even if not sampled", () => {
  const { log, recorder, batches } = accessLog();
  recorder.sample(0.01);
  for (const record of [ended(false), ended(false, 404), ended(false, 503)]) {
    recorder.recorded(record);
  }
  // Another consumer caused the record of this request.
  recorder.sample(0);
  recorder.recorded(ended(false, 503));
  log.flush();
  assertEquals(batches.map(({ lines }) => lines.length), [1]);
});
