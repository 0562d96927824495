/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/**
 * Stands in for a worker of the data plane in tests: reports the messages that it receives, and
 * crashes when asked about the instance "crash". It never answers about "silence". Asked about
 * "count" it counts two requests in for the first instance of the view, and a client that connects;
 * asked about "crash one" the worker with the first row crashes.
 *
 * @module
 */
import type { FromWorker, ToWorker } from "../worker/messages.ts";
import type { WorkerSheets } from "../worker/worker_parts.ts";
import { LoadCell } from "../upstream/shared_load.ts";
import { WorkerCounters } from "../stats/worker_counters.ts";

const id = crypto.randomUUID();
let sheet: WorkerSheets | undefined;
let cell = 0;

function post(message: FromWorker): void {
  self.postMessage(message);
}

/** Reports to the test by the only message that carries text. */
function note(text: string): void {
  post({ type: "failure", action: "test.note", message: `${id} ${text}` });
}

self.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  switch (data.type) {
    case "open":
      sheet = data.sheets;
      note(`open ${data.settings.workers} ${data.counts.length > 0}`);
      post({
        type: "evidence",
        evidence: { name: "Server1", instance: "i1", kind: "refused", fresh: true, key: "k" },
      });
      return post({ type: "listening", port: data.settings.listen.port });
    case "view":
      [cell = 0] = data.view.loads.ready.values();
      return note(`view ${data.view.version} ${data.view.ready.map(({ name }) => name)}`);
    case "access":
      return note(`access ${data.part}`);
    case "logged":
      return note(`logged ${data.written}`);
    case "idle":
      if (data.instance === "count") count();
      if (data.instance === "crash one" && sheet?.row !== 0) return;
      if (data.instance.startsWith("crash")) throw new Error("crashed on demand");
      if (data.instance === "silence") return;
      return post({ type: "idle", question: data.question, idle: data.instance === "calm" });
    case "end":
      post({ type: "ended" });
      return self.close();
  }
};

function count(): void {
  if (!sheet) return;
  const counted = new LoadCell(sheet.memory, sheet.row, cell, true);
  counted.enter();
  counted.enter();
  const { own } = new WorkerCounters(sheet.counters, sheet.row);
  own.accepted();
  own.connections = 1;
}
