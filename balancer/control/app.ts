/**
 * The control API as a Hono app: the textbook's calls, and our own under `/_lb/`.
 *
 * @module
 */
import { STATUS_CODE } from "@std/http/status";
import { type Context, Hono } from "hono";
import { streamSSE } from "hono/streaming";
import type { Template } from "../engine/engine.ts";
import type { FailureLog } from "../failures.ts";
import type { Weights } from "../fleet/change.ts";
import type { DeployStep } from "../fleet/deploy.ts";
import type { Incident } from "../fleet/incident.ts";
import type { Journal } from "../fleet/journal.ts";
import { mountPage } from "../page/page.ts";
import { ringTable } from "../page/ring_table.ts";
import { failureBody } from "../reply.ts";
import { readBody } from "./body.ts";
import type { Call, ReadBody } from "./call.ts";
import { type DrillOptions, makeDrill } from "./drill.ts";
import { answerError } from "./error_answer.ts";
import { streamEvents } from "./events.ts";
import { type GuardPolicy, refuse } from "./guard.ts";
import { reportIncident } from "./incident_report.ts";
import { explaining, type ExplainOptions } from "./explain.ts";
import { parseAddition, parseDeploy, parseDrill, parseRemoval } from "./requests.ts";
import { applying, planning, reshaping, type RingKeeper, weighing } from "./ring_calls.ts";

/** What the control API acts on. */
export interface ControlOptions {
  readonly membership: RingKeeper & {
    names(): string[];
    add(n: number, hostnames: readonly string[], weights: Weights): Promise<string[]>;
    remove(n: number, hostnames: readonly string[]): Promise<string[]>;
  };
  /** Makes rolling deploys; every step is told. */
  readonly deploys: {
    check(template: Template): void;
    run(template: Template, onStep: (step: DeployStep) => void): Promise<DeployStep>;
  };
  readonly incidents: () => readonly Incident[];
  readonly journal: Journal;
  /** Aborted when the balancer begins to end: streams of events end then. */
  readonly ending: AbortSignal;
  /** What drills act on; undefined where they are not allowed. */
  readonly drills: DrillOptions | undefined;
  /** The whole state, as `GET /_lb/status` answers it. */
  readonly status: () => { readonly ready: number; readonly desired: number };
  readonly metrics: {
    /** Everything, in Prometheus' text format. */
    expose(): Promise<{ readonly contentType: string; readonly text: string }>;
    /** Few numbers, as `GET /_lb/load` answers them. */
    load(): object;
  };
  readonly explain: ExplainOptions;
  readonly guard: GuardPolicy;
  readonly failures: FailureLog;
  /** Milliseconds that a client may take to send the body of a call. */
  readonly bodyTimeoutMs: number;
}

/** Longest body of a call, in bytes. */
const MAX_BODY_BYTES = 64 * 1024;

/**
 * Makes the control API.
 *
 * @param options what it acts on
 */
export function createControlApp(options: ControlOptions): Hono {
  const app = new Hono();
  const free = freeCalls(options);
  const wary = guardedCalls(options);
  for (const [method, path, call] of free) app.on(method, path, call);
  for (const [method, path, call] of wary) app.on(method, path, guarded(options), call);
  mountPage(app);
  app.notFound((c) => {
    return c.json(failureBody(unknownCall(c, [...free, ...wary])), STATUS_CODE.NotFound);
  });
  app.onError((error, c) => answerError(error, c, options.failures));
  return app;
}

type Route = readonly [method: string, path: string, call: Call];

/** Calls that change nothing: for anyone. */
function freeCalls(options: ControlOptions): Route[] {
  const { membership, status, metrics, incidents, journal, ending, explain } = options;
  return [
    ["GET", "/rep", (c) => c.json(replicas(membership.names()))],
    ["GET", "/_lb/status", (c) => c.json(status())],
    ["GET", "/_lb/healthz", (c) => c.json(health(status()))],
    ["GET", "/_lb/ring", (c) => c.json(ringTable(explain.view()))],
    ["GET", "/_lb/explain", explaining(explain)],
    ["GET", "/_lb/metrics", exposing(metrics)],
    ["GET", "/_lb/load", (c) => c.json(metrics.load())],
    ["GET", "/_lb/incidents", (c) => c.json({ incidents: incidents().map(reportIncident) })],
    ["GET", "/_lb/events", (c) => streamEvents(c, journal, ending)],
  ];
}

/** Calls that change something, kill, or take memory to keep: for whom the guard lets through. */
function guardedCalls(options: ControlOptions): Route[] {
  const { membership, bodyTimeoutMs } = options;
  const read = (c: Context) =>
    readBody(c.req.raw, { maxBytes: MAX_BODY_BYTES, timeoutMs: bodyTimeoutMs });
  return [
    ["POST", "/add", adding(membership, read)],
    ["DELETE", "/rm", removing(membership, read)],
    ["PATCH", "/_lb/replicas/:name", weighing(membership, read)],
    ["PATCH", "/_lb/ring", reshaping(membership, read)],
    ["POST", "/_lb/plan", planning(membership, read)],
    ["POST", "/_lb/apply", applying(membership, read)],
    ["POST", "/_lb/deploy", deploying(options, read)],
    ["POST", "/_lb/drill", drilling(options, read)],
  ];
}

function replicas(names: readonly string[]): object {
  return { message: { N: names.length, replicas: names }, status: "successful" };
}

function exposing(metrics: ControlOptions["metrics"]) {
  return async (c: Context): Promise<Response> => {
    const { contentType, text } = await metrics.expose();
    return c.body(text, STATUS_CODE.OK, { "content-type": contentType });
  };
}

function health({ ready, desired }: ReturnType<ControlOptions["status"]>): object {
  return { status: "ok", ready, desired };
}

function guarded({ guard }: ControlOptions) {
  return async (c: Context, next: () => Promise<void>): Promise<Response | void> => {
    const refusal = refuse(c.req.raw.headers, guard);
    if (!refusal) return await next();
    if (refusal.status === STATUS_CODE.Unauthorized) c.header("www-authenticate", "Bearer");
    return c.json(failureBody(refusal.message), refusal.status);
  };
}

function adding(membership: ControlOptions["membership"], read: ReadBody): Call {
  return async (c) => {
    const { n, hostnames, weights } = parseAddition(await read(c));
    return c.json(replicas(await membership.add(n, hostnames, weights)));
  };
}

function removing(membership: ControlOptions["membership"], read: ReadBody): Call {
  return async (c) => {
    const { n, hostnames } = parseRemoval(await read(c));
    return c.json(replicas(await membership.remove(n, hostnames)));
  };
}

/** The steps are the answer: it begins when the deploy does, and ends with it. */
function deploying({ deploys, failures }: ControlOptions, read: ReadBody): Call {
  return async (c) => {
    const template = parseDeploy(await read(c));
    deploys.check(template);
    return streamSSE(c, async (stream) => {
      let written = Promise.resolve();
      const tell = (step: DeployStep) => {
        const message = { event: step.step, data: JSON.stringify(step) };
        // Who asked for it may go: the deploy goes on, and GET /_lb/events tells of it.
        written = written.then(() => stream.writeSSE(message))
          .catch((error) => failures.record("control.deploy", error));
      };
      await deploys.run(template, tell);
      await written;
    });
  };
}

function drilling({ drills }: ControlOptions, read: ReadBody): Call {
  return async (c) => {
    if (!drills) {
      const message = "drills kill replicas and are off; LB_DRILLS=true allows them";
      return c.json(failureBody(message), STATUS_CODE.Forbidden);
    }
    return c.json(await makeDrill(parseDrill(await read(c)), drills));
  };
}

function unknownCall({ req }: Context, routes: readonly Route[]): string {
  const known = routes.map(([method, path]) => `${method} ${path.replace(":name", "NAME")}`);
  return `there is no ${req.method} ${req.path}; there are ${known.join(", ")}`;
}
