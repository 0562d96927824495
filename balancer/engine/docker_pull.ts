/**
 * Pulls an image from its registry (Docker Engine API v1.40, `POST /images/create`).
 *
 * @module
 */
import { DeadlineError, withDeadline } from "./deadline.ts";
import { isAway, toEngineError } from "./docker_errors.ts";
import { EngineError } from "./engine.ts";
import { type ImageReference, readReference } from "./image_reference.ts";
import { jsonLines } from "./json_lines.ts";
import { readCredentials, type RegistryCredentials } from "./registry_credentials.ts";

/** The calls to the Engine that this module needs. */
export interface PullApi {
  /** Pulls an image. @returns the Engine's progress reports, until the image is complete */
  pull(
    image: ImageReference,
    credentials: RegistryCredentials | undefined,
    signal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>>;
}

/** Options of pulls. */
export interface PullOptions {
  /** Longest time for one image, in milliseconds. */
  readonly pullTimeoutMs: number;
  /** Docker's client configuration file with the credentials; empty for none. */
  readonly dockerConfig: string;
}

/** A progress report of the Engine. */
interface PullLine {
  readonly id?: string;
  readonly status?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
  readonly error?: string;
}

/** Interval of progress lines, in milliseconds. */
const EVERY_MS = 1000;
const MB = 1e6;

/** Words of a registry or the Engine in the refusal of a client. */
const DENIED = /auth|denied|credential|unauthorized|forbidden/i;

/**
 * Pulls an image.
 *
 * @param api calls to the Engine
 * @param reference reference of the image
 * @param options options of the pull
 * @param onProgress called with a line at the beginning, one a second, and one at the end
 * @throws {EngineError} names the registry, the reference and the reason
 */
export async function pullImage(
  api: PullApi,
  reference: string,
  options: PullOptions,
  onProgress: (line: string) => void,
): Promise<void> {
  const image = readReference(reference);
  let credentials: RegistryCredentials | undefined;
  onProgress(`pulling ${reference} from ${image.registry}`);
  try {
    credentials = await readCredentials(options.dockerConfig, image.registry);
    await withDeadline(options.pullTimeoutMs, async (signal) => {
      const progress = new Progress(reference, onProgress);
      const lines = jsonLines<PullLine>(await api.pull(image, credentials, signal));
      for await (const line of lines) progress.add(line);
    });
  } catch (error) {
    throw pullError(reference, image, error, options, credentials);
  }
  onProgress(`pulled ${reference}`);
}

function pullError(
  reference: string,
  { registry }: ImageReference,
  cause: unknown,
  { pullTimeoutMs, dockerConfig }: PullOptions,
  credentials: RegistryCredentials | undefined,
): EngineError {
  if (isAway(cause)) return toEngineError(`pull ${reference}`, cause);
  const reason = cause instanceof DeadlineError
    ? `it took longer than LB_PULL_TIMEOUT_MS, ${pullTimeoutMs} ms`
    : toEngineError("pull", cause).message.replace(/^docker: cannot pull: /, "");
  const hint = DENIED.test(reason) ? accessHint(registry, dockerConfig, credentials) : "";
  const message = `docker: cannot pull "${reference}" from registry ${registry}: ${reason}${hint}`;
  return new EngineError("image-missing", message, { cause });
}

function accessHint(
  registry: string,
  dockerConfig: string,
  credentials: RegistryCredentials | undefined,
): string {
  if (credentials) return `; the credentials are those of ${dockerConfig}`;
  const where = dockerConfig === "" ? "LB_DOCKER_CONFIG names no file" : `${dockerConfig} has none`;
  return `; no credentials were sent to ${registry}: ${where}`;
}

/** Adds up the progress of the layers. */
class Progress {
  readonly #reference: string;
  readonly #onProgress: (line: string) => void;
  readonly #layers = new Map<string, { current: number; total: number }>();
  #saidAt = performance.now();

  constructor(reference: string, onProgress: (line: string) => void) {
    this.#reference = reference;
    this.#onProgress = onProgress;
  }

  /** @throws {Error} the report is a failure; such a report follows a status of success */
  add({ id, status, progressDetail, error }: PullLine): void {
    if (error !== undefined) throw new Error(error);
    const { current, total } = progressDetail ?? {};
    if (status !== "Downloading" || id === undefined || current === undefined) return;
    this.#layers.set(id, { current, total: total ?? current });
    if (performance.now() - this.#saidAt >= EVERY_MS) this.#say();
  }

  #say(): void {
    this.#saidAt = performance.now();
    const layers = [...this.#layers.values()];
    const sum = (of: "current" | "total") =>
      (layers.reduce((all, layer) => all + layer[of], 0) / MB).toFixed(1);
    this.#onProgress(`pulling ${this.#reference}: ${sum("current")} of ${sum("total")} MB`);
  }
}
