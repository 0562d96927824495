/**
 * Counts requests in flight to each instance, and reports when there are none.
 *
 * @module
 */
import type { DrainDeadlines } from "../../view.ts";
import type { LoadCell } from "./shared_load.ts";

/** Time for streams to end after the balancer closed them, in milliseconds. */
const CLOSING_MS = 1000;

/** A caller that waits for a state of the gauge. */
interface Waiter {
  readonly reached: () => boolean;
  readonly callback: () => void;
}

/** The load of one instance: requests, which end, and streams, which have no end of their own. */
export class Gauge {
  #requests = 0;
  /** The instance's cell, shared by all workers. */
  readonly #cell: LoadCell | undefined;
  /** Closes each of the streams. */
  readonly #streams = new Set<() => void>();
  readonly #waiting = new Set<Waiter>();

  /** @param cell the cell shared by all workers; none for the control API */
  constructor(cell?: LoadCell) {
    this.#cell = cell;
  }

  /** Requests and streams of this worker. */
  get count(): number {
    return this.#requests + this.#streams.size;
  }

  /** Requests and streams of all workers. */
  get everywhere(): number {
    return this.#cell?.count ?? this.count;
  }

  /** Counts a request in. */
  enter(): void {
    this.#requests++;
    this.#cell?.enter();
  }

  /** Counts a request out. */
  leave(): void {
    this.#cell?.leave();
    this.#fewer();
  }

  /**
   * A request has become a stream, which counts as the same load.
   *
   * @param close closes the stream
   * @returns called at the stream's end: it counts as a request again, which has to leave
   */
  stream(close: () => void): () => void {
    this.#streams.add(close);
    this.#fewer();
    return () => {
      this.#requests++;
      this.#streams.delete(close);
    };
  }

  /** Calls back once, now or when nothing is in flight. */
  onIdle(callback: () => void): void {
    this.#waiting.add({ reached: () => this.count === 0, callback });
    this.#notify();
  }

  /**
   * Waits until nothing is in flight. Streams still open at their deadline are closed.
   *
   * @param deadlines longest waits
   * @returns true when the instance is idle, false if requests remain
   */
  async idle({ requestsMs, streamsMs }: DrainDeadlines): Promise<boolean> {
    const start = performance.now();
    const closing = setTimeout(() => this.#closeStreams(), streamsMs);
    await this.#until(() => this.#requests === 0, requestsMs);
    const left = Math.max(streamsMs - (performance.now() - start), 0);
    await this.#until(() => this.#streams.size === 0, left);
    clearTimeout(closing);
    this.#closeStreams();
    if (this.#streams.size > 0) await this.#until(() => this.#streams.size === 0, CLOSING_MS);
    return this.count === 0;
  }

  #fewer(): void {
    this.#requests--;
    if (this.#waiting.size > 0) this.#notify();
  }

  #closeStreams(): void {
    for (const close of this.#streams) close();
  }

  async #until(reached: () => boolean, ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiter = { reached, callback: resolve };
    this.#waiting.add(waiter);
    this.#notify();
    const deadline = setTimeout(resolve, ms);
    await promise;
    clearTimeout(deadline);
    this.#waiting.delete(waiter);
  }

  #notify(): void {
    for (const waiter of this.#waiting) {
      if (!waiter.reached()) continue;
      this.#waiting.delete(waiter);
      waiter.callback();
    }
  }
}

/** The gauges of all instances that have requests in flight, or may get some. */
export class InFlight {
  readonly #gauges = new Map<string, Gauge>();
  readonly #leaving = new Set<string>();

  /**
   * Returns the gauge of an instance.
   *
   * @param instance its id
   * @param cell the cell shared by all workers, used if the gauge is new
   */
  gauge(instance: string, cell?: LoadCell): Gauge {
    this.#leaving.delete(instance);
    const gauge = this.#gauges.get(instance) ?? new Gauge(cell);
    this.#gauges.set(instance, gauge);
    return gauge;
  }

  /** Forgets an instance that gets no more requests, once its requests in flight have ended. */
  forget(instance: string): void {
    this.#leaving.add(instance);
    this.#gauges.get(instance)?.onIdle(() => {
      // Unless the instance has returned meanwhile.
      if (this.#leaving.delete(instance)) this.#gauges.delete(instance);
    });
  }

  /**
   * Waits until nothing is in flight to an instance. Streams still open at their deadline are
   * closed.
   *
   * @param instance id of the instance
   * @param deadlines longest waits
   * @returns true when the instance is idle, false if requests remain
   */
  idle(instance: string, deadlines: DrainDeadlines): Promise<boolean> {
    return this.#gauges.get(instance)?.idle(deadlines) ?? Promise.resolve(true);
  }
}
