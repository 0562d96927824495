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

/**
 * Maps the error of a call to its status. All errors of calls are mapped here.
 *
 * @param error the error that the handler threw
 * @param c the call
 * @param failures logs and counts internal errors
 */
export function answerError(error: Error, c: Context, failures: FailureLog): Response {
  if (error instanceof RequestError) {
    return c.json(failureBody(error.message, error.detail), STATUS_CODE.BadRequest);
  }
  if (error instanceof BodyError) {
    const { ContentTooLarge, RequestTimeout } = STATUS_CODE;
    const status = error.kind === "too-large" ? ContentTooLarge : RequestTimeout;
    return c.json(failureBody(error.message), status);
  }
  if (error instanceof RefusedError) {
    return c.json(failureBody(`body: ${error.message}`), STATUS_CODE.BadRequest);
  }
  // The client disconnected while its body was read: no response can be sent, and no error is
  // counted.
  if (error instanceof Disconnected) return c.body(null, STATUS_CODE.BadRequest);
  if (error instanceof TooManyStreamsError) {
    c.header("retry-after", String(error.retryAfterS));
    return c.json(failureBody(error.message), STATUS_CODE.ServiceUnavailable);
  }
  if (error instanceof ChangeError) {
    const status = STATUS_OF[error.kind];
    if (status === STATUS_CODE.ServiceUnavailable) c.header("retry-after", "1");
    return c.json(failureBody(error.message), status);
  }
  if (error instanceof NotReadyError) {
    c.header("retry-after", "1");
    return c.json(failureBody(error.message), STATUS_CODE.ServiceUnavailable);
  }
  if (error instanceof ReloadError) {
    const { Conflict, BadRequest } = STATUS_CODE;
    return c.json(failureBody(error.message), error.kind === "no-file" ? Conflict : BadRequest);
  }
  if (error instanceof DrillError && error.kind === "off") {
    return c.json(failureBody(error.message), STATUS_CODE.Forbidden);
  }
  if (error instanceof DeployError && error.kind === "not-saved") {
    c.header("retry-after", "1");
    return c.json(failureBody(error.message), STATUS_CODE.ServiceUnavailable);
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
