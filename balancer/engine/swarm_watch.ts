/**
 * Watches the tasks of a fleet: polls a manager, which sends no events about tasks, and hears the
 * ends of containers on its own machine at once.
 *
 * @module
 */
import type { FailureLog } from "../failures.ts";
import { pause } from "./deadline.ts";
import { DockerEvents } from "./docker_events.ts";
import { EngineError, type EngineEvent, type Watch } from "./engine.ts";
import { SwarmDiff } from "./swarm_diff.ts";
import { toSwarmError } from "./swarm_errors.ts";
import { type Placed, placedServices } from "./swarm_reading.ts";
import type { SwarmSnapshot } from "./swarm_objects.ts";

/** Dependencies of a {@linkcode SwarmWatch}. */
interface SwarmWatchOptions {
  /** Reads the fleet's services and tasks. */
  readonly read: () => Promise<SwarmSnapshot>;
  /** Opens the event stream of the manager's own containers. */
  readonly openEvents: (signal: AbortSignal) => Promise<AsyncIterable<Uint8Array>>;
  readonly failures: FailureLog;
  /** Delay between two polls, in milliseconds. */
  readonly pollMs: number;
  /** Longest wait for one response, in milliseconds. */
  readonly deadlineMs: number;
}

/** Longest delay between polls while the manager does not answer, in milliseconds. */
const AWAY_MS = 1000;

/** One poll for all listeners. */
export class SwarmWatch {
  readonly #options: SwarmWatchOptions;
  readonly #listeners = new Set<(event: EngineEvent) => void>();
  readonly #diff = new SwarmDiff();
  #placed: readonly Placed[] = [];
  #closing: AbortController | undefined;
  #first = Promise.withResolvers<void>();
  #away = false;

  constructor(options: SwarmWatchOptions) {
    this.#options = options;
  }

  /** Ids of instances whose end was reported and whose services still exist. */
  get ended(): ReadonlySet<string> {
    return this.#diff.ended;
  }

  /**
   * Adds a listener.
   *
   * @returns resolves once ends are noticed, or the manager was reported `away`
   */
  async add(listener: (event: EngineEvent) => void): Promise<Watch> {
    this.#listeners.add(listener);
    const joined = this.#closing !== undefined;
    if (!this.#closing) this.#start();
    await this.#first.promise;
    // The first listener got the event from the poll itself.
    if (joined && this.#away) this.#notifyAway(listener, new Error("it did not answer before"));
    return { close: () => this.#remove(listener) };
  }

  close(): void {
    this.#listeners.clear();
    this.#closing?.abort();
    this.#closing = undefined;
    this.#first.resolve();
  }

  #remove(listener: (event: EngineEvent) => void): void {
    this.#listeners.delete(listener);
    if (this.#listeners.size === 0) this.close();
  }

  #start(): void {
    const closing = this.#closing = new AbortController();
    this.#first = Promise.withResolvers();
    this.#away = false;
    void this.#keepPolling(closing.signal);
    void this.#followContainers(closing.signal);
  }

  async #keepPolling(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#poll(signal);
      this.#first.resolve();
      const { pollMs } = this.#options;
      await pause(this.#away ? Math.max(pollMs, AWAY_MS) : pollMs, signal);
    }
  }

  async #poll(signal: AbortSignal): Promise<void> {
    try {
      const placed = placedServices(await this.#options.read());
      if (signal.aborted) return;
      this.#placed = placed;
      if (this.#away) this.#notify({ type: "back" });
      this.#away = false;
      for (const exit of this.#diff.take(placed)) this.#notify(exit);
    } catch (error) {
      if (signal.aborted) return;
      if (this.#away) return;
      this.#away = true;
      this.#options.failures.record("swarm.watch", error);
      for (const listener of this.#listeners) this.#notifyAway(listener, error);
    }
  }

  /** The containers of this machine: a poll would notice their ends later. */
  async #followContainers(signal: AbortSignal): Promise<void> {
    const { openEvents, failures, deadlineMs } = this.#options;
    const events = new DockerEvents({
      open: openEvents,
      listener: (event) => {
        if (event.type === "exit") this.#onContainerEnd(event.id, event.reason);
      },
      failures,
      prefix: "",
      deadlineMs,
    });
    signal.addEventListener("abort", () => events.close());
    await events.start();
  }

  #onContainerEnd(container: string, reason: string): void {
    const own = this.#placed.find(({ task }) =>
      task?.Status.ContainerStatus?.ContainerID === container
    );
    const exit = own && this.#diff.end(own.service.ID, reason);
    if (exit) this.#notify(exit);
  }

  #notify(event: EngineEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }

  #notifyAway(listener: (event: EngineEvent) => void, error: unknown): void {
    const cause = error instanceof EngineError ? error : toSwarmError("watch tasks", error);
    listener({ type: "away", error: cause });
  }
}
