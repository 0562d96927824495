/**
 * What the Docker Engine's failures mean to the fleet.
 *
 * The API tells apart by status code only (Docker Engine API v1.40, "Errors"); where one status
 * stands for several things its message decides, here and nowhere else.
 *
 * @module
 */
import { errorMessage } from "../failures.ts";
import { isOutOfFiles } from "../out_of_files.ts";
import { DeadlineError } from "./deadline.ts";
import { EngineError, type EngineErrorKind, type Template } from "./engine.ts";

/** Codes of a connection to the socket that failed or broke. */
const AWAY = new Set(["ENOENT", "ECONNREFUSED", "ECONNRESET", "EPIPE", "EACCES", "EPERM"]);

const NO_ACCESS = "; this user may not use the socket: join the group docker, or run as root";

/**
 * The status that the Engine answered with.
 *
 * @param error what a call threw, or the {@linkcode EngineError} made of it
 * @returns the HTTP status; undefined when there was no answer
 */
export function statusOf(error: unknown): number | undefined {
  if (error instanceof EngineError) return statusOf(error.cause);
  const status = field(error, "statusCode");
  return typeof status === "number" ? status : undefined;
}

/**
 * Makes an engine's error of a failed call.
 *
 * @param action what was tried, for the message: `start Server1`
 * @param error what the call threw
 */
export function toEngineError(action: string, error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  const hint = /^(EACCES|EPERM)$/.test(String(field(error, "code"))) ? NO_ACCESS : "";
  const message = `docker: cannot ${action}: ${reasonOf(error)}${hint}`;
  return new EngineError(kindOf(error), message, { cause: error });
}

/**
 * Whether a call failed for want of the network; an image that is missing has the same status.
 *
 * @param error what the call threw
 */
export function networkMissing(error: unknown): boolean {
  if (error instanceof EngineError) return networkMissing(error.cause);
  return statusOf(error) === 404 && /network .*not found/i.test(reasonOf(error));
}

/**
 * Whether a call failed because another container has the name. Podman has status 500 for that.
 *
 * @param error what the call threw
 */
export function nameInUse(error: unknown): boolean {
  const status = statusOf(error);
  return status === 409 ||
    (status === 500 && /name is already in use/i.test(reasonOf(causeOf(error))));
}

/**
 * Whether a container could not be created for want of its image.
 *
 * @param error what the call threw
 */
export function imageLacking(error: unknown): boolean {
  return statusOf(error) === 404 && /no such image/i.test(reasonOf(causeOf(error)));
}

/**
 * Whether the Engine itself could not be reached, or this process has no file left for it.
 *
 * @param error what the call threw
 */
export function isAway(error: unknown): boolean {
  return isOutOfFiles(error) || AWAY.has(String(field(error, "code")));
}

/**
 * What to do about an image that is missing and may not be fetched.
 *
 * @param image its reference
 */
export function imageMissing(image: string): EngineError {
  return new EngineError(
    "image-missing",
    `docker: there is no image "${image}" on this host, and LB_PULL=never; \`make build\` builds ` +
      `the project's own, \`docker pull ${image}\` fetches any other, LB_REPLICA_IMAGE names another`,
  );
}

/**
 * What to do about an image that was removed after it had been taken up.
 *
 * @param template what was to be started
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
 * What to do about a container's name that is not ours to use.
 *
 * @param name the container's name
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
  // Status 400, 404 or 500, by version of the Engine.
  const text = reasonOf(error);
  const missing = /executable file not found|exec: .*(no such file|permission denied)/.test(text);
  return missing ? "command-missing" : "failed";
}

function causeOf(error: unknown): unknown {
  return error instanceof EngineError ? causeOf(error.cause) : error;
}

/** The Engine's own words where there are some. */
function reasonOf(error: unknown): string {
  const message = field(field(error, "json"), "message");
  return typeof message === "string" ? message : errorMessage(error).trim();
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
