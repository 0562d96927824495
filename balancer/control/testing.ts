/**
 * Helpers of the control API's tests: a gate, its log, and a server's dependencies.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";
import { errorMessage } from "../failures.ts";
import { ChannelStream, ChannelStreams } from "../proxy/transport/channel_stream.ts";
import { DescriptorBudget, sharedFiles } from "../proxy/transport/descriptor_budget.ts";
import { Audit } from "./auth/audit.ts";
import { FailureLimit } from "./auth/rate_limit.ts";
import { Gate } from "./auth/middleware.ts";
import { Guard, type Openness } from "./auth/authorize.ts";
import type { ApiLimits } from "./server/api_connection.ts";
import type { ApiServerOptions } from "./server/api_server.ts";

/** The authorization policy of a test. */
export interface Rules {
  readonly admin?: string;
  readonly read?: string;
  /** A token that the balancer generated. */
  readonly made?: string;
  readonly open?: Openness;
  /** Addresses of replicas. */
  readonly replicas?: readonly string[];
  readonly hosts?: readonly string[];
}

/** A line of the audit log. */
interface Line {
  readonly level: "info" | "warning";
  readonly message: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** A guard with fixed tokens. */
export function guardOf(
  { admin = "", read = "", made = "", open = "nothing", replicas = [], hosts = [] }: Rules,
): Guard {
  const current = () => Promise.resolve({ admin: admin || made, read });
  const tokens = { admin: admin !== "", read: read !== "", current };
  const policy = { open, tokens, replicas: new Set(replicas), hosts: new Set(hosts) };
  return new Guard(policy, new FailureLimit());
}

/** An audit with inspectable lines. Values are as in JSON. */
function auditOf(): { readonly audit: Audit; readonly lines: readonly Line[] } {
  const lines: Line[] = [];
  const taking = (level: Line["level"]) => (message: string, properties: object) => {
    lines.push({ level, message, properties: JSON.parse(JSON.stringify(properties)) });
  };
  const log = { info: taking("info"), warn: taking("warning") };
  return { audit: new Audit(log as unknown as Logger), lines };
}

/** A gate with a clock that the test sets. */
export function gateOf(
  rules: Rules,
  now: () => number = () => 0,
): { readonly gate: Gate; readonly lines: readonly Line[] } {
  const { audit, lines } = auditOf();
  return { gate: new Gate({ guard: guardOf(rules), audit, now }), lines };
}

/** Generous limits of the API's server, for tests of other things. */
const API_LIMITS: ApiLimits = {
  lineBytes: 8192,
  headBytes: 32768,
  fields: 100,
  headMs: 60_000,
  idleMs: 60_000,
  bodyMs: 60_000,
};

/** The API server's dependencies, for tests. */
export function serverOptions(
  limits: Partial<ApiLimits> = {},
  openFiles = 0,
): ApiServerOptions & { readonly failed: readonly string[] } {
  const failed: string[] = [];
  return {
    limits: { ...API_LIMITS, ...limits },
    maxConnections: 100,
    files: new DescriptorBudget(sharedFiles(0, openFiles), 0),
    failures: { record: (action, error) => failed.push(`${action}: ${errorMessage(error)}`) },
    failed,
  };
}

/** A connection between a worker and the main thread, with both ends in this thread. */
export function channelPair(): { readonly worker: ChannelStream; readonly main: ChannelStream } {
  let main: ChannelStream | undefined;
  const mains = new ChannelStreams(
    (id, frame) => queueMicrotask(() => workers.receive(id, frame)),
    (stream) => main = stream,
  );
  const workers: ChannelStreams = new ChannelStreams((id, frame) => {
    if (frame.kind === "open") mains.receive(id, frame);
    else queueMicrotask(() => mains.receive(id, frame));
  });
  const worker = workers.open();
  if (!main) throw new Error("the stream was not opened");
  return { worker, main };
}
