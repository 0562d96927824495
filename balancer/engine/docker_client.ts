/**
 * The client of a Docker Engine: each call in bounded time, with its errors as engine errors. The
 * only module that creates a client with dockerode.
 *
 * The version of the API is the Engine's own (v1.40 and up): a fixed version would exclude Engines
 * that no longer, or not yet, support it. Requires `--allow-net`, and `--allow-read` and
 * `--allow-write` for the socket; `--ignore-env`, because dockerode's dependencies read the
 * environment.
 *
 * @module
 */
// @ts-types="npm:@types/dockerode@4.0.2"
import Docker from "dockerode";
import { withDeadline } from "./deadline.ts";
import { connectionPerCall } from "./docker_agent.ts";
import type { DockerConnection } from "./docker_connection.ts";
import { toEngineError } from "./docker_errors.ts";
import type { EngineError } from "./engine.ts";

/** A client of one Docker Engine. */
export class DockerClient {
  /** For calls that answer soon; gives up on a silent connection. */
  readonly calls: Docker;
  /** For calls that stay open. */
  readonly streams: Docker;
  readonly #deadlineMs: number;
  readonly #toError: (action: string, error: unknown) => EngineError;

  /**
   * @param connection address of the Engine
   * @param deadlineMs longest wait for one response, in milliseconds
   * @param toError converts the error of a call
   */
  constructor(
    connection: DockerConnection,
    deadlineMs: number,
    toError: (action: string, error: unknown) => EngineError = toEngineError,
  ) {
    // A connection per call: none stays open, so none is stale after a restart of the Engine.
    const options = { ...connection, agent: connectionPerCall("ca" in connection) };
    this.calls = new Docker({ ...options, timeout: deadlineMs });
    this.streams = new Docker(options);
    this.#deadlineMs = deadlineMs;
    this.#toError = toError;
  }

  /**
   * Makes a call in bounded time.
   *
   * @param action the call, for the message: `start Server1`
   * @param call the call
   * @throws {EngineError} the call failed
   */
  async ask<T>(action: string, call: () => Promise<T>): Promise<T> {
    try {
      return await withDeadline(this.#deadlineMs, call);
    } catch (error) {
      throw this.#toError(action, error);
    }
  }
}
