/**
 * The Docker Engine's event stream (Docker Engine API v1.40, `GET /events`), reconnected after
 * restarts of the Engine.
 *
 * @module
 */
import type { FailureLog } from "../failures.ts";
import { pause, withDeadline } from "./deadline.ts";
import { toEngineError } from "./docker_errors.ts";
import { identityOf } from "./docker_names.ts";
import { exitReason } from "./docker_state.ts";
import type { EngineEvent, Watch } from "./engine.ts";
import { jsonLines } from "./json_lines.ts";

const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 2000;

/** Prefix of an event about a container's health; `healthy` or `unhealthy` follows. */
const HEALTH = "health_status:";

/** Dependencies of {@linkcode DockerEvents}. */
interface DockerEventsOptions {
  /** Opens the stream; resolves once the Engine sends events. The signal ends the stream. */
  readonly open: (signal: AbortSignal) => Promise<AsyncIterable<Uint8Array>>;
  readonly listener: (event: EngineEvent) => void;
  readonly failures: FailureLog;
  /** Prefix of container names. */
  readonly prefix: string;
  /** Longest wait for the Engine to answer, in milliseconds. */
  readonly deadlineMs: number;
}

/** The fields of a container event that are used. */
interface ContainerEvent {
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
}

/** Reports exits and health changes of containers, and the Engine's availability. */
export class DockerEvents implements Watch {
  readonly #options: DockerEventsOptions;
  readonly #closing = new AbortController();
  readonly #decided = Promise.withResolvers<void>();
  readonly #outOfMemory = new Set<string>();
  #away = false;

  constructor(options: DockerEventsOptions) {
    this.#options = options;
  }

  /**
   * Starts the watch.
   *
   * @returns resolves once events are received, or the Engine was reported `away`
   */
  start(): Promise<void> {
    this.#follow();
    return this.#decided.promise;
  }

  close(): void {
    this.#closing.abort();
    this.#decided.resolve();
  }

  async #follow(): Promise<void> {
    const { signal } = this.#closing;
    let retryMs = FIRST_RETRY_MS;
    while (!signal.aborted) {
      const connected = await this.#readUntilItEnds();
      retryMs = connected ? FIRST_RETRY_MS : Math.min(2 * retryMs, LAST_RETRY_MS);
      await pause(retryMs, signal);
    }
  }

  /** Reads events until the stream ends. @returns whether the stream could be opened */
  async #readUntilItEnds(): Promise<boolean> {
    const reading = new AbortController();
    const stop = () => reading.abort();
    this.#closing.signal.addEventListener("abort", stop);
    let connected = false;
    try {
      const chunks = await this.#open(reading);
      connected = true;
      this.#onConnected();
      for await (const event of jsonLines<ContainerEvent>(chunks)) this.#onEvent(event);
      this.#onDisconnected(new Error("the event stream ended"));
    } catch (error) {
      this.#onDisconnected(error);
    } finally {
      this.#closing.signal.removeEventListener("abort", stop);
      reading.abort();
    }
    return connected;
  }

  #open(reading: AbortController): Promise<AsyncIterable<Uint8Array>> {
    const { open, deadlineMs } = this.#options;
    return withDeadline(deadlineMs, (signal) => {
      signal.addEventListener("abort", () => reading.abort());
      return open(reading.signal);
    });
  }

  #onConnected(): void {
    if (this.#closing.signal.aborted) return;
    if (this.#away) this.#options.listener({ type: "back" });
    this.#away = false;
    this.#decided.resolve();
  }

  /** Reports an outage once. The attempts during the outage are not reported. */
  #onDisconnected(error: unknown): void {
    if (this.#closing.signal.aborted || this.#away) return;
    this.#away = true;
    this.#options.failures.record("docker.events", error);
    this.#options.listener({ type: "away", error: toEngineError("watch containers", error) });
    this.#decided.resolve();
  }

  #onEvent({ Action, Actor: { ID, Attributes } }: ContainerEvent): void {
    const identity = identityOf(this.#options.prefix, Attributes["name"] ?? "", Attributes);
    if (this.#closing.signal.aborted || !identity) return;
    const { listener } = this.#options;
    const about = { name: identity.name, id: ID };
    if (Action === "oom") this.#outOfMemory.add(ID);
    if (Action.startsWith(HEALTH)) {
      const status = Action.slice(HEALTH.length).trim();
      const reason = status === "unhealthy" ? { reason: "HEALTHCHECK failed" } : {};
      listener({ type: "health", ...about, ...reason });
    }
    if (Action !== "die") return;
    const reason = exitReason(Attributes["exitCode"] ?? "unknown", this.#outOfMemory.delete(ID));
    listener({ type: "exit", ...about, reason });
  }
}
