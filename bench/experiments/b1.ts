/**
 * B-1: popular keys, with and without a bound on what a replica has in hand.
 *
 * @module
 */
import { complain } from "../../tools/print.ts";
import { now, pass } from "../harness/clock.ts";
import { chance } from "../harness/random.ts";
import { boundedChart } from "./b1_chart.ts";
import { boundedReport } from "./b1_report.ts";
import { ClosedLoad } from "./closed_load.ts";
import { commandOf } from "./command.ts";
import { Fleet } from "./fleet.ts";
import { inFlightAt, ratiosOf } from "./in_flight.ts";
import { serverNames } from "./layouts.ts";
import type { Part } from "./part.ts";
import type { Room } from "./room.ts";
import { countsOf, medianAndMax, spreadOf } from "./statistics.ts";
import { Zipf } from "./zipf.ts";

/** One run. */
export interface BoundedRun {
  /** `LB_LOAD_BOUND`; 0 is off. */
  readonly bound: number;
  readonly requests: number;
  /** Answers of each replica. */
  readonly served: readonly number[];
  /** Requests in flight to each, on average over time. */
  readonly inFlight: readonly number[];
  /** The busiest replica's requests in flight over the mean: at the median moment and the worst. */
  readonly ratio: { readonly p50: number; readonly max: number };
  /** The same over time, one for each {@linkcode BoundedData.lookMs}. */
  readonly ratios: readonly number[];
  readonly faults: readonly string[];
}

/** What was found. */
export interface BoundedData {
  readonly keys: number;
  readonly exponent: number;
  /** The part of the requests that is for the most popular key. */
  readonly hottest: number;
  readonly clients: number;
  readonly serviceMs: number;
  readonly seconds: number;
  readonly lookMs: number;
  readonly runs: readonly BoundedRun[];
}

const REPLICAS = 10;
const KEYS = 10_000;
const EXPONENT = 1;
const CLIENTS = 400;
const SERVICE_MS = 200;
const BOUNDS = [0, 1.25];
/** Milliseconds until all clients are at work, and then of measuring. */
const WARM_MS = 2000;
const MEASURE_MS = 10_000;
const LOOK_MS = 50;
const SEED = 1;

/** B-1. */
export const boundedLoad: Part<BoundedData> = {
  name: "B-1",
  title: "popular keys and bounded load",
  engine: "process",
  measure,
  charts: (data) => [boundedChart(data)],
  rows: ({ runs }) =>
    runs.flatMap(({ bound, served, inFlight }) =>
      served.map((count, at) => ({
        ...{ bound, replica: `Server${at + 1}`, served: count },
        inFlight: Math.round(10 * (inFlight[at] ?? NaN)) / 10,
      }))
    ),
  report: boundedReport,
};

async function measure(room: Room): Promise<BoundedData> {
  const zipf = new Zipf(KEYS, EXPONENT);
  const runs: BoundedRun[] = [];
  for (const bound of BOUNDS) {
    const run = await measureOne(room, bound, zipf);
    complain(`  bound ${bound}: served ${run.served.join(" / ")}, in flight ${run.ratio.p50}`);
    runs.push(run);
  }
  return {
    ...{ keys: KEYS, exponent: EXPONENT, hottest: zipf.share(1), clients: CLIENTS },
    ...{ serviceMs: SERVICE_MS, seconds: MEASURE_MS / 1000, lookMs: LOOK_MS, runs },
  };
}

async function measureOne(room: Room, bound: number, zipf: Zipf): Promise<BoundedRun> {
  const names = serverNames(REPLICAS);
  await using fleet = await Fleet.start(room, {
    replicas: REPLICAS,
    command: commandOf("slow_replica.ts", ["SERVICE_MS"]),
    settings: {
      LB_KEY: "header:X-Key",
      LB_LOAD_BOUND: String(bound),
      LB_REPLICA_ENV: JSON.stringify({ SERVICE_MS: String(SERVICE_MS) }),
    },
  });
  const draw = chance(SEED);
  await using load = new ClosedLoad(fleet.port, CLIENTS, () => `key-${zipf.draw(draw)}`);
  await pass(WARM_MS, room.signal);
  const from = now();
  await pass(MEASURE_MS, room.signal);
  const span = { from, to: now() };
  await load[Symbol.asyncDispose]();
  const within = load.outcomes.filter(({ end }) => end >= span.from && end < span.to);
  const counts = countsOf(within.map(({ server = "" }) => server));
  const looks = inFlightAt(load.outcomes, names, span, LOOK_MS);
  const ratios = ratiosOf(looks).map((ratio) => Math.round(1000 * ratio) / 1000);
  return {
    bound,
    requests: within.length,
    served: names.map((name) => counts.get(name) ?? 0),
    inFlight: names.map((_, at) => spreadOf(looks.map(({ counts }) => counts[at] ?? 0)).mean),
    ratio: medianAndMax(ratios),
    ratios,
    faults: load.outcomes.flatMap(({ fault }) => fault ?? []),
  };
}
