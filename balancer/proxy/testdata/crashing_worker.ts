/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/**
 * Stands for a worker of the data plane in tests: says what it was told, and crashes when asked
 * about the instance "crash". It never answers about "silence".
 *
 * @module
 */
import type { FromWorker, ToWorker } from "../messages.ts";

const id = crypto.randomUUID();

function tell(message: FromWorker): void {
  self.postMessage(message);
}

/** Tells the test by the only way that carries text. */
function note(text: string): void {
  tell({ type: "failure", action: "test.note", message: `${id} ${text}` });
}

self.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  switch (data.type) {
    case "open":
      note(`open ${data.settings.workers} ${data.counts.length > 0}`);
      tell({
        type: "evidence",
        evidence: { name: "Server1", instance: "i1", kind: "refused", fresh: true, key: "k" },
      });
      return tell({ type: "listening", port: data.settings.listen.port });
    case "view":
      return note(`view ${data.view.version} ${data.view.ready.map(({ name }) => name)}`);
    case "idle":
      if (data.instance === "crash") throw new Error("crashed on demand");
      if (data.instance === "silence") return;
      return tell({ type: "idle", question: data.question, idle: data.instance === "calm" });
    case "end":
      tell({ type: "ended" });
      return self.close();
  }
};
