/**
 * Errors of calls to the balancer's API.
 *
 * @module
 */
import { ToolError } from "../tool.ts";
import { plain } from "./figures.ts";

/** Exit code for a refusal by the balancer. */
export const REFUSED = 1;
/** Exit code for an unreachable balancer. */
export const UNREACHABLE = 3;

/** The balancer refused the call. */
export class RefusedError extends ToolError {
  constructor(readonly status: number, message: string) {
    super(message, REFUSED);
  }
}

/** No balancer answered. */
export class UnreachableError extends ToolError {
  constructor(message: string) {
    super(message, UNREACHABLE);
  }
}

/**
 * Builds the error for an unsuccessful answer.
 *
 * @param url the API's URL
 * @param status the answer's status
 * @param body the answer's body, if it is a JSON object
 */
export function refusal(url: string, status: number, body: object | undefined): ToolError {
  const message = body && "message" in body ? body.message : undefined;
  if (typeof message !== "string") {
    return new UnreachableError(
      `the server at ${url} is no balancer (status ${status}); give the balancer's address with --url`,
    );
  }
  const detail = body && "detail" in body ? `: ${plain(String(body.detail))}` : "";
  return refused(status, message, detail);
}

/**
 * Builds the error for a refusal.
 *
 * @param status the answer's status
 * @param message the balancer's message
 * @param detail further details of the balancer
 */
export function refused(status: number, message: string, detail = ""): RefusedError {
  const hint = status === 401 || status === 403
    ? "\nThe token goes in LB_ADMIN_TOKEN, or in a file that --token-file or LB_ADMIN_TOKEN_FILE names."
    : "";
  return new RefusedError(
    status,
    `the balancer refused (${status}): ${plain(message.replace(/^<Error> /, ""))}${detail}${hint}`,
  );
}

/** Whether an error means that the connection was refused, broke or was silent for too long. */
export function isNoAnswer(error: unknown): error is Error {
  return error instanceof TypeError || error instanceof Deno.errors.Http ||
    error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.ConnectionRefused ||
    (error instanceof DOMException && error.name === "TimeoutError");
}
