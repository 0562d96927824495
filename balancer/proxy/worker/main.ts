/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/**
 * A worker of the data plane: its own listener on the shared port, its own event loop.
 *
 * @module
 */
import type { Ring } from "../../../ring/mod.ts";
import { errorMessage } from "../../failures.ts";
import { surviveOutOfFiles } from "../../out_of_files.ts";
import { openTracing } from "../../tracing/tracing.ts";
import type { DrainDeadlines } from "../../view.ts";
import { ConnectionLimits } from "../downstream/connection_limits.ts";
import { Listener } from "./listener.ts";
import { ChannelStreams, transferOf } from "../transport/channel_stream.ts";
import { DescriptorBudget } from "../transport/descriptor_budget.ts";
import type { FromWorker, PlainView, ToWorker } from "./messages.ts";
import { WorkerContext } from "./worker_context.ts";
import { ringOf } from "../routing/ring_cache.ts";

let proxy: WorkerContext | undefined;
let acceptor: Listener | undefined;
let ring: Ring | undefined;
const calls = new ChannelStreams((id, frame) => {
  post({ type: "stream", id, frame }, transferOf(frame));
});

function post(message: FromWorker, transfer: Transferable[] = []): void {
  self.postMessage(message, transfer);
}

self.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  switch (data.type) {
    case "open":
      return open(data);
    case "certificates":
      proxy?.pools.trust(data.credentials);
      return acceptor?.certify(data.credentials);
    case "view":
      return publish(data);
    case "idle":
      return void answerIdle(data);
    case "maintain":
      proxy?.maintain(data.state);
      return post({ type: "maintained", question: data.question });
    case "challenge":
      proxy?.challenges.set(data.answers);
      return post({ type: "challenged", question: data.question });
    case "access":
      return proxy?.recorder.sample(data.part);
    case "settings":
      proxy?.reconfigure(data.settings);
      acceptor?.reconfigure(data.settings);
      return post({ type: "reconfigured", question: data.question });
    case "logged":
      return proxy?.accessLog.written(data.written);
    case "stream":
      return calls.receive(data.id, data.frame);
    case "end":
      return void end(data.deadlines);
  }
};

function open(message: Extract<ToWorker, { type: "open" }>): void {
  const { settings, files, sheets } = message;
  const created = proxy = new WorkerContext(
    settings,
    sheets,
    {
      evidence: (evidence) => post({ type: "evidence", evidence }),
      costs: (costs) => post({ type: "costs", costs }),
      samples: (samples) => post({ type: "samples", samples }),
      lines: (lines, lost) => post({ type: "lines", lines, lost }, [lines.buffer]),
      failure: (action, error) => post({ type: "failure", action, message: errorMessage(error) }),
      get calls() {
        return calls.count;
      },
      call: () => calls.open(),
    },
    new DescriptorBudget(files, sheets.row),
  );
  created.pools.trust(message.credentials);
  surviveOutOfFiles((error) => created.recordFailure("process.files", error));
  if (settings.traces) void trace(created).then(() => accept(created, message));
  else accept(created, message);
}

/** Opens tracing before the worker accepts its first request. */
async function trace(proxy: WorkerContext): Promise<void> {
  const tracing = await openTracing();
  if (tracing) await proxy.trace(tracing);
}

function accept(
  proxy: WorkerContext,
  { settings, counts, sheets, credentials }: Extract<ToWorker, { type: "open" }>,
): void {
  const { limits } = settings;
  acceptor = new Listener(
    proxy,
    new ConnectionLimits(counts, sheets.row, {
      get total() {
        return limits.connections;
      },
      get perAddress() {
        const { connectionsPerAddress } = limits;
        return connectionsPerAddress === "auto"
          ? proxy.descriptors.perClient
          : connectionsPerAddress;
      },
    }),
    credentials,
  );
  post({ type: "listening", port: acceptor.port });
}

function publish({ view, counters }: Extract<ToWorker, { type: "view" }>): void {
  const { version, epoch, ring: options, table, ready, awaited, quarantined, loads }: PlainView =
    view;
  ring = ringOf(options, table, ring);
  proxy?.publish(
    {
      version,
      epoch,
      ring,
      ready: new Map(ready.map((one) => [one.name, one])),
      awaited: new Set(awaited),
      quarantined: new Set(quarantined),
    },
    loads,
    counters,
  );
  post({ type: "published", version });
  // Requests released by this view are counted by then.
  setTimeout(() => proxy?.reportCosts());
}

async function answerIdle(
  { question, instance, deadlines }: Extract<ToWorker, { type: "idle" }>,
): Promise<void> {
  const idle = await proxy?.inFlight.idle(instance, deadlines) ?? true;
  post({ type: "idle", question, idle });
}

async function end(deadlines: DrainDeadlines): Promise<void> {
  await acceptor?.drain(deadlines);
  proxy?.close();
  post({ type: "ended" });
  self.close();
}
