/**
 * The steps of a deploy as a stream of events.
 *
 * @module
 */
import type { SSEStreamingApi } from "hono/streaming";
import type { DeployStep } from "../../answers/event.ts";
import type { FailureLog } from "../../failures.ts";
import { escapeLateControls } from "../../log/style.ts";

/** Keeps the steps of a deploy until its response begins, then sends them. */
export class DeploySteps {
  readonly #failures: FailureLog;
  readonly #early: DeployStep[] = [];
  readonly #begun = Promise.withResolvers<void>();
  #stream: SSEStreamingApi | undefined;
  #written = Promise.resolve();

  constructor(failures: FailureLog) {
    this.#failures = failures;
  }

  /** Resolves at the first step. */
  get begun(): Promise<void> {
    return this.#begun.promise;
  }

  /** Resolves when the steps so far are written. */
  get written(): Promise<void> {
    return this.#written;
  }

  /** Adds a step. */
  add(step: DeployStep): void {
    if (this.#stream) this.#write(this.#stream, step);
    else this.#early.push(step);
    this.#begun.resolve();
  }

  /** Begins to send, with the steps so far. */
  send(stream: SSEStreamingApi): void {
    this.#stream = stream;
    for (const step of this.#early) this.#write(stream, step);
  }

  /** The client may disconnect: the deploy continues, and GET /_lb/events shows it. */
  #write(stream: SSEStreamingApi, step: DeployStep): void {
    const message = { event: step.step, data: escapeLateControls(JSON.stringify(step)) };
    this.#written = this.#written.then(() => stream.writeSSE(message))
      .catch((error) => this.#failures.record("control.deploy", error));
  }
}
