/**
 * How calls of the balancer's API fail.
 *
 * @module
 */
import { ToolError } from "../tool.ts";
import { plain } from "./figures.ts";

/** Exit code for a balancer that refuses. */
export const REFUSED = 1;
/** Exit code for a balancer that cannot be reached. */
export const UNREACHABLE = 3;

/** The balancer answered that it will not, or cannot. */
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
 * The error of an answer that is none of success.
 *
 * @param url where the API is
 * @param status its status
 * @param body its body, where that is a JSON object
 */
export function refusal(url: string, status: number, body: object | undefined): ToolError {
  const message = body && "message" in body ? body.message : undefined;
  if (typeof message !== "string") {
    return new UnreachableError(
      `what answers at ${url} is no balancer (status ${status}); --url says where it is`,
    );
  }
  const detail = body && "detail" in body ? `: ${plain(String(body.detail))}` : "";
  return refused(status, message, detail);
}

/**
 * The error of a balancer that refuses.
 *
 * @param status the status of its answer
 * @param message its own words
 * @param detail more of them
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

/** Whether an error says that the connection was refused, broke or was silent for too long. */
export function isNoAnswer(error: unknown): error is Error {
  return error instanceof TypeError || error instanceof Deno.errors.Http ||
    error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.ConnectionRefused ||
    (error instanceof DOMException && error.name === "TimeoutError");
}
