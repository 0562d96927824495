/**
 * One reading of all data that `top` shows.
 *
 * @module
 */
import type { Status } from "../../balancer/answers/fleet.ts";
import type { Incident } from "../../balancer/answers/incident.ts";
import type { History } from "../../balancer/answers/history.ts";
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
  /** The last minute; undefined if the balancer keeps no history. */
  readonly minute: LastMinute | undefined;
}

/** Series of the last minute, by the second. */
export interface LastMinute {
  /** When each sample ended, in milliseconds since the epoch. */
  readonly at: readonly number[];
  readonly requests: readonly number[];
  readonly held: readonly number[];
  readonly p99Ms: readonly (number | null)[];
}

const SECONDS = 60;

/** Outcomes of answered requests. */
const ANSWERED = ["1xx", "2xx", "3xx", "4xx", "5xx", "broken"] as const;

function lastMinute(before: LastMinute | undefined, history: History | undefined) {
  if (!history) return undefined;
  const { at, series } = history;
  const requests = at.map((_, i) => ANSWERED.reduce((sum, name) => sum + series[name][i]!, 0));
  const join = <T>(old: readonly T[] | undefined, fresh: readonly T[]) =>
    [...old ?? [], ...fresh].slice(-SECONDS);
  return {
    at: join(before?.at, at),
    requests: join(before?.requests, requests),
    held: join(before?.held, series.held),
    p99Ms: join(before?.p99Ms, series.p99Ms),
  };
}

/** Reads a balancer repeatedly. */
export class Sampler {
  readonly #api: Api;
  #load: Load | undefined;
  #minute: LastMinute | undefined;

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
    const [status, load, incidents, history] = await Promise.all([
      this.#api.status(),
      this.#api.load(),
      this.#api.incidents(),
      this.#api.history(Math.round(this.#minute?.at.at(-1) ?? 0)),
    ]);
    const rates = ratesBetween(this.#load, load?.body);
    this.#load = load?.body;
    this.#minute = lastMinute(this.#minute, history?.body);
    const incident = incidents.body.incidents[0];
    return {
      at: now,
      status: status.body,
      load: load?.body,
      rates,
      incident,
      minute: this.#minute,
    };
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
