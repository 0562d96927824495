/**
 * One reading of all data that `top` shows.
 *
 * @module
 */
import type { Status } from "../../balancer/answers/fleet.ts";
import type { Incident } from "../../balancer/answers/incident.ts";
import type { Load } from "../../balancer/answers/load.ts";
import type { Api } from "./api.ts";
import { RefusedError, UnreachableError } from "./api_errors.ts";
import { type Rates, ratesBetween } from "./rates.ts";

/** One reading. */
export interface Sample {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly status: Status;
  /** Undefined if the balancer has no such figures. */
  readonly load: Load | undefined;
  /** Rates since the previous reading; undefined without one to compare with. */
  readonly rates: Rates | undefined;
  /** The last incident. */
  readonly incident: Incident | undefined;
}

/** Reads a balancer repeatedly. */
export class Sampler {
  readonly #api: Api;
  #load: Load | undefined;

  constructor(api: Api) {
    this.#api = api;
  }

  /**
   * Takes a reading.
   *
   * @param now milliseconds since the epoch
   * @throws {UnreachableError} no balancer answers
   */
  async read(now: number): Promise<Sample> {
    const [status, load, incidents] = await Promise.all([
      this.#api.status(),
      this.#api.load(),
      this.#api.incidents(),
    ]);
    const rates = ratesBetween(this.#load, load?.body);
    this.#load = load?.body;
    const incident = incidents.body.incidents[0];
    return { at: now, status: status.body, load: load?.body, rates, incident };
  }

  /** Takes a reading; undefined if no balancer answers, or if it is starting or ending. */
  async tryToRead(now: number): Promise<Sample | undefined> {
    try {
      return await this.read(now);
    } catch (error) {
      if (error instanceof UnreachableError) return undefined;
      if (error instanceof RefusedError && error.status >= 500) return undefined;
      throw error;
    }
  }
}
