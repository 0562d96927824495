/**
 * Counts what is in flight to each instance, and tells when nothing is.
 *
 * @module
 */
import type { DrainDeadlines } from "../../view.ts";
import type { LoadCell } from "./shared_load.ts";

/** Milliseconds that the ends of streams may take that were closed from here. */
const CLOSING_MS = 1000;

/** Somebody who waits for a state of the gauge. */
interface Waiter {
  readonly reached: () => boolean;
  readonly callback: () => void;
}

/** What is in flight to one instance: requests that have an end, and streams that have none. */
export class Gauge {
  #requests = 0;
  /** Where all workers count it. */
  readonly #cell: LoadCell | undefined;
  /** How each of the streams is closed. */
  readonly #streams = new Set<() => void>();
  readonly #waiting = new Set<Waiter>();

  /** @param cell where all workers count it; none for what is no replica */
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
   * A request has become a stream, which is as much of a load.
   *
   * @param close ends it
   * @returns called at its end: it counts as a request again, which has to leave
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
    this.#tell();
  }

  /**
   * Waits until nothing is in flight. Streams that are left at their deadline are closed.
   *
   * @param deadlines longest waits
   * @returns true when it is idle, false when requests are left
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
    if (this.#waiting.size > 0) this.#tell();
  }

  #closeStreams(): void {
    for (const close of this.#streams) close();
  }

  async #until(reached: () => boolean, ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiter = { reached, callback: resolve };
    this.#waiting.add(waiter);
    this.#tell();
    const deadline = setTimeout(resolve, ms);
    await promise;
    clearTimeout(deadline);
    this.#waiting.delete(waiter);
  }

  #tell(): void {
    for (const waiter of this.#waiting) {
      if (!waiter.reached()) continue;
      this.#waiting.delete(waiter);
      waiter.callback();
    }
  }
}

/** The gauges of all instances that have something in flight, or may get it. */
export class InFlight {
  readonly #gauges = new Map<string, Gauge>();
  readonly #leaving = new Set<string>();

  /**
   * The gauge of an instance.
   *
   * @param instance its id
   * @param cell where all workers count it, should it be new here
   */
  gauge(instance: string, cell?: LoadCell): Gauge {
    this.#leaving.delete(instance);
    const gauge = this.#gauges.get(instance) ?? new Gauge(cell);
    this.#gauges.set(instance, gauge);
    return gauge;
  }

  /** Forgets an instance that gets no more requests, once those in flight are over. */
  forget(instance: string): void {
    this.#leaving.add(instance);
    this.#gauges.get(instance)?.onIdle(() => {
      // Unless it is back meanwhile.
      if (this.#leaving.delete(instance)) this.#gauges.delete(instance);
    });
  }

  /**
   * Waits until nothing is in flight to an instance. Streams that are left at their deadline are
   * closed.
   *
   * @param instance id of the instance
   * @param deadlines longest waits
   * @returns true when it is idle, false when requests are left
   */
  idle(instance: string, deadlines: DrainDeadlines): Promise<boolean> {
    return this.#gauges.get(instance)?.idle(deadlines) ?? Promise.resolve(true);
  }
}
