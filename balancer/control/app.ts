/**
 * The control API as a Hono app: the textbook's calls, and our own under `/_lb/`.
 *
 * @module
 */
import { STATUS_CODE } from "@std/http/status";
import { type Context, Hono } from "hono";
import { streamSSE } from "hono/streaming";
import { EngineError, type EngineErrorKind, type Template } from "../engine/engine.ts";
import type { FailureLog } from "../failures.ts";
import { MembershipError, type MembershipErrorKind } from "../fleet/membership.ts";
import { DeployError, type DeployStep } from "../fleet/deploy.ts";
import type { Incident } from "../fleet/incident.ts";
import type { Journal } from "../fleet/journal.ts";
import { failureBody } from "../reply.ts";
import { BodyError, readBody } from "./body.ts";
import { DrillError, type DrillOptions, makeDrill } from "./drill.ts";
import { streamEvents } from "./events.ts";
import { type GuardPolicy, refuse } from "./guard.ts";
import { reportIncident } from "./incident_report.ts";
import { type Change, parseChange, parseDeploy, parseDrill, RequestError } from "./requests.ts";

/** What the control API acts on. */
export interface ControlOptions {
  readonly membership: {
    names(): string[];
    add(n: number, hostnames: readonly string[]): Promise<string[]>;
    remove(n: number, hostnames: readonly string[]): Promise<string[]>;
  };
  /** Makes rolling deploys; every step is told. */
  readonly deploys: {
    check(template: Template): void;
    run(template: Template, onStep: (step: DeployStep) => void): Promise<DeployStep>;
  };
  readonly incidents: () => readonly Incident[];
  readonly journal: Journal;
  /** What drills act on; undefined where they are not allowed. */
  readonly drills: DrillOptions | undefined;
  /** The whole state, as `GET /_lb/status` answers it. */
  readonly status: () => { readonly ready: number; readonly desired: number };
  readonly guard: GuardPolicy;
  readonly failures: FailureLog;
  /** Milliseconds that a client may take to send the body of a call. */
  readonly bodyTimeoutMs: number;
}

/** Longest body of a call, in bytes. */
const MAX_BODY_BYTES = 64 * 1024;

const STATUS_OF: Readonly<Record<MembershipErrorKind, 400 | 404 | 409 | 503>> = {
  "unsupported": STATUS_CODE.Conflict,
  "unknown": STATUS_CODE.NotFound,
  "taken": STATUS_CODE.Conflict,
  "out-of-bounds": STATUS_CODE.BadRequest,
  "not-ready": STATUS_CODE.ServiceUnavailable,
  "unknown-plan": STATUS_CODE.NotFound,
  "stale": STATUS_CODE.Conflict,
};

const ENGINE_STATUS: Partial<Record<EngineErrorKind, 409>> = {
  "unsupported": STATUS_CODE.Conflict,
};

/**
 * Makes the control API.
 *
 * @param options what it acts on
 */
export function createControlApp(options: ControlOptions): Hono {
  const { membership, status } = options;
  const app = new Hono();
  app.get("/rep", (c) => c.json(replicas(membership.names())));
  app.post("/add", guarded(options), changing(options, membership.add.bind(membership)));
  app.delete(
    "/rm",
    guarded(options),
    changing(options, membership.remove.bind(membership)),
  );
  app.get("/_lb/status", (c) => c.json(status()));
  app.get("/_lb/incidents", (c) => c.json({ incidents: options.incidents().map(reportIncident) }));
  app.get("/_lb/events", (c) => streamEvents(c, options.journal));
  app.post("/_lb/deploy", guarded(options), deploying(options));
  app.post("/_lb/drill", guarded(options), drilling(options));
  app.get("/_lb/healthz", (c) => {
    const { ready, desired } = status();
    return c.json({ status: "ok", ready, desired });
  });
  app.notFound((c) => c.json(failureBody(unknownCall(c)), STATUS_CODE.NotFound));
  app.onError((error, c) => answerError(error, c, options.failures));
  return app;
}

function replicas(names: readonly string[]): object {
  return { message: { N: names.length, replicas: names }, status: "successful" };
}

function guarded({ guard }: ControlOptions) {
  return async (c: Context, next: () => Promise<void>): Promise<Response | void> => {
    const refusal = refuse(c.req.raw.headers, guard);
    if (!refusal) return await next();
    if (refusal.status === STATUS_CODE.Unauthorized) c.header("www-authenticate", "Bearer");
    return c.json(failureBody(refusal.message), refusal.status);
  };
}

function changing(
  { bodyTimeoutMs }: ControlOptions,
  change: (n: number, hostnames: readonly string[]) => Promise<string[]>,
) {
  return async (c: Context): Promise<Response> => {
    const { n, hostnames }: Change = parseChange(await bodyOf(c, bodyTimeoutMs));
    return c.json(replicas(await change(n, hostnames)));
  };
}

/** The steps are the answer: it begins when the deploy does, and ends with it. */
function deploying({ deploys, bodyTimeoutMs, failures }: ControlOptions) {
  return async (c: Context): Promise<Response> => {
    const template = parseDeploy(await bodyOf(c, bodyTimeoutMs));
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

function drilling({ drills, bodyTimeoutMs }: ControlOptions) {
  return async (c: Context): Promise<Response> => {
    if (!drills) {
      const message = "drills kill replicas and are off; LB_DRILLS=true allows them";
      return c.json(failureBody(message), STATUS_CODE.Forbidden);
    }
    const request = parseDrill(await bodyOf(c, bodyTimeoutMs));
    return c.json(await makeDrill(request, drills));
  };
}

function bodyOf(c: Context, timeoutMs: number): Promise<string> {
  return readBody(c.req.raw, { maxBytes: MAX_BODY_BYTES, timeoutMs });
}

const CALLS = ["GET /_lb/status", "GET /_lb/healthz", "GET /_lb/incidents", "GET /_lb/events"];
const GUARDED_CALLS = ["POST /_lb/deploy", "POST /_lb/drill"];

function unknownCall({ req }: Context): string {
  const known = [...CALLS, ...GUARDED_CALLS].join(", ");
  return `there is no ${req.method} ${req.path}; there are ${known}`;
}

function answerError(error: Error, c: Context, failures: FailureLog): Response {
  if (error instanceof RequestError) {
    return c.json(failureBody(error.message), STATUS_CODE.BadRequest);
  }
  if (error instanceof BodyError) {
    const { ContentTooLarge, RequestTimeout } = STATUS_CODE;
    const status = error.kind === "too-large" ? ContentTooLarge : RequestTimeout;
    return c.json(failureBody(error.message), status);
  }
  if (error instanceof MembershipError) {
    const status = STATUS_OF[error.kind];
    if (status === STATUS_CODE.ServiceUnavailable) c.header("retry-after", "1");
    return c.json(failureBody(error.message), status);
  }
  if (error instanceof DrillError || error instanceof DeployError) {
    return c.json(failureBody(error.message), STATUS_CODE.Conflict);
  }
  if (error instanceof EngineError) {
    return c.json(failureBody(error.message), ENGINE_STATUS[error.kind] ?? 503);
  }
  failures.record("control.request", error);
  return c.json(
    failureBody("the balancer failed; its log says more"),
    STATUS_CODE.InternalServerError,
  );
}
