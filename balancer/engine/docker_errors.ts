/**
 * Maps errors of the Docker Engine to engine errors.
 *
 * The API distinguishes errors by status code only (Docker Engine API v1.40, "Errors"). Where one
 * status has several meanings the message decides, in this module only.
 *
 * @module
 */
import { errorMessage } from "../failures.ts";
import { isOutOfFiles } from "../out_of_files.ts";
import { DeadlineError } from "./deadline.ts";
import { EngineError, type EngineErrorKind, type Template } from "./engine.ts";

/** Codes of a failed or broken connection to the socket. */
const AWAY = new Set(["ENOENT", "ECONNREFUSED", "ECONNRESET", "EPIPE", "EACCES", "EPERM"]);

const NO_ACCESS = "; this user may not use the socket: join the group docker, or run as root";

/**
 * Returns the HTTP status of an error.
 *
 * @param error error of a call, or the {@linkcode EngineError} made of it
 * @returns the status; undefined if the Engine did not answer
 */
export function statusOf(error: unknown): number | undefined {
  if (error instanceof EngineError) return statusOf(error.cause);
  const status = field(error, "statusCode");
  return typeof status === "number" ? status : undefined;
}

/**
 * Converts the error of a call.
 *
 * @param action the call, for the message: `start Server1`
 * @param error error of the call
 */
export function toEngineError(action: string, error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  const hint = /^(EACCES|EPERM)$/.test(String(field(error, "code"))) ? NO_ACCESS : "";
  const message = `docker: cannot ${action}: ${reasonOf(error)}${hint}`;
  return new EngineError(kindOf(error), message, { cause: error });
}

/**
 * Reports whether the network is missing. A missing image has the same status.
 *
 * @param error error of the call
 */
export function networkMissing(error: unknown): boolean {
  if (error instanceof EngineError) return networkMissing(error.cause);
  return statusOf(error) === 404 && /network .*not found/i.test(reasonOf(error));
}

/**
 * Reports whether another container has the name. Podman answers 500 then.
 *
 * @param error error of the call
 */
export function nameInUse(error: unknown): boolean {
  const status = statusOf(error);
  return status === 409 ||
    (status === 500 && /name is already in use/i.test(reasonOf(causeOf(error))));
}

/**
 * Reports whether a container could not be created because its image is missing.
 *
 * @param error error of the call
 */
export function imageLacking(error: unknown): boolean {
  return statusOf(error) === 404 && /no such image/i.test(reasonOf(causeOf(error)));
}

/**
 * Reports whether the Engine is unreachable, or this process has no file descriptors left.
 *
 * @param error error of the call
 */
export function isAway(error: unknown): boolean {
  return isOutOfFiles(error) || AWAY.has(String(field(error, "code")));
}

/**
 * Creates the error of an image that is missing and may not be pulled.
 *
 * @param image reference of the image
 */
export function imageMissing(image: string): EngineError {
  return new EngineError(
    "image-missing",
    `docker: there is no image "${image}" on this host, and LB_PULL=never; \`make build\` builds ` +
      `the project's own, \`docker pull ${image}\` fetches any other, LB_REPLICA_IMAGE names another`,
  );
}

/**
 * Creates the error of an image that was removed after it was pinned.
 *
 * @param template template of the start
 * @param cause the failed call
 */
export function imageGone({ image, imageId }: Template, cause: unknown): EngineError {
  return new EngineError(
    "image-missing",
    `docker: the image ${imageId} that "${image}" stood for was removed from this host, and no ` +
      `registry is known to have it; load it again, or deploy "${image}" for the image that it ` +
      "stands for now",
    { cause },
  );
}

/**
 * Creates the error of a container name that another owner uses.
 *
 * @param name name of the container
 * @param cause the failed call
 */
export function nameTaken(name: string, cause: unknown): EngineError {
  return new EngineError(
    "name-taken",
    `docker: a container named "${name}" exists and is not of this fleet; remove it, or set ` +
      `LB_CONTAINER_PREFIX`,
    { cause },
  );
}

function kindOf(error: unknown): EngineErrorKind {
  if (isOutOfFiles(error)) return "out-of-files";
  if (error instanceof DeadlineError || AWAY.has(String(field(error, "code")))) return "away";
  // The status is 400, 404 or 500, depending on the version of the Engine.
  const text = reasonOf(error);
  const missing = /executable file not found|exec: .*(no such file|permission denied)/.test(text);
  return missing ? "command-missing" : "failed";
}

function causeOf(error: unknown): unknown {
  return error instanceof EngineError ? causeOf(error.cause) : error;
}

/** Returns the Engine's own message if there is one. */
function reasonOf(error: unknown): string {
  const message = field(field(error, "json"), "message");
  return typeof message === "string" ? message : errorMessage(error).trim();
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
