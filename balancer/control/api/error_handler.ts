/**
 * The response to a call that failed.
 *
 * @module
 */
import { STATUS_CODE } from "@std/http/status";
import type { Context } from "hono";
import { EngineError, type EngineErrorKind } from "../../engine/engine.ts";
import type { FailureLog } from "../../failures.ts";
import { DeployError } from "../../fleet/operations/deploy_request.ts";
import { ChangeError, type ChangeErrorKind } from "../../fleet/spec/change_error.ts";
import { RefusedError } from "../../proxy/request/body.ts";
import { Disconnected } from "../../proxy/transport/connection_reader.ts";
import { ReloadError } from "../../reload_error.ts";
import { failureBody } from "../../reply.ts";
import { BodyError } from "../input/body.ts";
import { RequestError } from "../input/schema.ts";
import { NotReadyError } from "../reports/ready_report.ts";
import { DrillError } from "../drill/drill.ts";
import { TooManyStreamsError } from "./event_streams.ts";

const STATUS_OF: Readonly<Record<ChangeErrorKind, 400 | 404 | 409 | 503>> = {
  "unsupported": STATUS_CODE.Conflict,
  "unknown": STATUS_CODE.NotFound,
  "taken": STATUS_CODE.Conflict,
  "out-of-bounds": STATUS_CODE.BadRequest,
  "not-ready": STATUS_CODE.ServiceUnavailable,
  "not-saved": STATUS_CODE.ServiceUnavailable,
  "unknown-plan": STATUS_CODE.NotFound,
  "stale": STATUS_CODE.Conflict,
};

const ENGINE_STATUS: Partial<Record<EngineErrorKind, 409>> = {
  "unsupported": STATUS_CODE.Conflict,
};

/** The status of a failed call. */
interface Refusal {
  readonly status: 400 | 403 | 404 | 408 | 409 | 413 | 503;
  /** Seconds until another attempt may succeed; absent where it would fail again. */
  readonly retryAfterS?: number;
}

const BAD_REQUEST: Refusal = { status: STATUS_CODE.BadRequest };
const CONFLICT: Refusal = { status: STATUS_CODE.Conflict };
const NOT_NOW: Refusal = { status: STATUS_CODE.ServiceUnavailable, retryAfterS: 1 };

/**
 * Answers a call that failed. All errors of calls are answered here.
 *
 * @param error the error that the handler threw
 * @param c the call
 * @param failures logs and counts internal errors
 */
export function answerError(error: Error, c: Context, failures: FailureLog): Response {
  // The client disconnected while its body was read: no response can be sent, and no error is
  // counted.
  if (error instanceof Disconnected) return c.body(null, STATUS_CODE.BadRequest);
  const refusal = inputRefusal(error) ?? changeRefusal(error);
  if (!refusal) {
    failures.record("control.request", error);
    const body = failureBody("the balancer failed; its log says more");
    return c.json(body, STATUS_CODE.InternalServerError);
  }
  if (refusal.retryAfterS !== undefined) c.header("retry-after", String(refusal.retryAfterS));
  const detail = error instanceof RequestError ? error.detail : undefined;
  const prefix = error instanceof RefusedError ? "body: " : "";
  return c.json(failureBody(prefix + error.message, detail), refusal.status);
}

/** The status of an error about the request itself; undefined for other errors. */
function inputRefusal(error: Error): Refusal | undefined {
  if (error instanceof RequestError || error instanceof RefusedError) return BAD_REQUEST;
  if (error instanceof BodyError) {
    const { ContentTooLarge, RequestTimeout } = STATUS_CODE;
    return { status: error.kind === "too-large" ? ContentTooLarge : RequestTimeout };
  }
  if (error instanceof TooManyStreamsError) {
    return { status: STATUS_CODE.ServiceUnavailable, retryAfterS: error.retryAfterS };
  }
  return undefined;
}

/** The status of an error of a change, a deploy or a drill; undefined for internal errors. */
function changeRefusal(error: Error): Refusal | undefined {
  if (error instanceof ChangeError) {
    const status = STATUS_OF[error.kind];
    return status === STATUS_CODE.ServiceUnavailable ? NOT_NOW : { status };
  }
  if (error instanceof NotReadyError) return NOT_NOW;
  if (error instanceof ReloadError) return error.kind === "no-file" ? CONFLICT : BAD_REQUEST;
  if (error instanceof DrillError) {
    return error.kind === "off" ? { status: STATUS_CODE.Forbidden } : CONFLICT;
  }
  if (error instanceof DeployError) return error.kind === "not-saved" ? NOT_NOW : CONFLICT;
  if (error instanceof EngineError) {
    return { status: ENGINE_STATUS[error.kind] ?? STATUS_CODE.ServiceUnavailable };
  }
  return undefined;
}
