/**
 * B-1: popular keys, with and without a bound on the requests in flight to a replica.
 *
 * @module
 */
import { printError } from "../../tools/print.ts";
import { categories, line, markLines, values } from "../harness/chart.ts";
import { now, pass } from "../harness/clock.ts";
import { chance } from "../harness/random.ts";
import { countsOf, medianAndMax, spreadOf } from "../harness/statistics.ts";
import { fixed, percent, tableOf, whole } from "../harness/table.ts";
import type { NamedChart, Part } from "./part.ts";
import { closedLoad, type Outcome } from "./requests.ts";
import { type Room, serverNames, startFleet } from "./room.ts";
import { Zipf } from "./zipf.ts";

/** One run. */
interface BoundedRun {
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

/** The data of B-1. */
interface BoundedData {
  readonly keys: number;
  readonly exponent: number;
  /** Share of the requests that are for the most popular key. */
  readonly hottest: number;
  readonly clients: number;
  readonly serviceMs: number;
  readonly seconds: number;
  readonly lookMs: number;
  readonly runs: readonly BoundedRun[];
}

const NAMES = serverNames(10);
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
const COLOURS = ["#64748b", "#c2410c"];

/** B-1. */
export const boundedLoad: Part<BoundedData> = {
  name: "B-1",
  title: "popular keys and bounded load",
  engine: "process",
  measure,
  charts: (data) => [chartOf(data)],
  rows: ({ runs }) =>
    runs.flatMap(({ bound, served, inFlight }) =>
      served.map((count, at) => ({
        ...{ bound, replica: `Server${at + 1}`, served: count },
        inFlight: Math.round(10 * (inFlight[at] ?? NaN)) / 10,
      }))
    ),
  report,
};

async function measure(room: Room): Promise<BoundedData> {
  const zipf = new Zipf(KEYS, EXPONENT);
  const runs: BoundedRun[] = [];
  for (const bound of BOUNDS) {
    const run = await measureOne(room, bound, zipf);
    printError(`  bound ${bound}: served ${run.served.join(" / ")}, in flight ${run.ratio.p50}`);
    runs.push(run);
  }
  return {
    ...{ keys: KEYS, exponent: EXPONENT, hottest: zipf.share(1), clients: CLIENTS },
    ...{ serviceMs: SERVICE_MS, seconds: MEASURE_MS / 1000, lookMs: LOOK_MS, runs },
  };
}

async function measureOne(room: Room, bound: number, zipf: Zipf): Promise<BoundedRun> {
  await using fleet = await startFleet(room, {
    replicas: NAMES.length,
    service: "slow_replica.ts",
    env: { SERVICE_MS: String(SERVICE_MS) },
    settings: { LB_KEY: "header:X-Key", LB_LOAD_BOUND: String(bound) },
  });
  const draw = chance(SEED);
  await using load = closedLoad(fleet.port, CLIENTS, () => `key-${zipf.draw(draw)}`);
  await pass(WARM_MS, room.signal);
  const from = now();
  await pass(MEASURE_MS, room.signal);
  const to = now();
  await load.stop();
  const within = load.outcomes.filter(({ end }) => end >= from && end < to);
  const counts = countsOf(within.map(({ server = "" }) => server));
  const looks = inFlightAt(load.outcomes, NAMES, { from, to }, LOOK_MS);
  const ratios = ratiosOf(looks).map((ratio) => Math.round(1000 * ratio) / 1000);
  return {
    bound,
    requests: within.length,
    served: NAMES.map((name) => counts.get(name) ?? 0),
    inFlight: NAMES.map((_, at) => spreadOf(looks.map((look) => look[at] ?? 0)).mean),
    ratio: medianAndMax(ratios),
    ratios,
    faults: load.outcomes.flatMap(({ fault }) => fault ?? []),
  };
}

/**
 * Requests in flight to each replica, at one moment after another.
 *
 * @param outcomes all requests
 * @param names the replicas
 * @param span from when to when, in milliseconds since the epoch
 * @param every milliseconds between two moments
 */
export function inFlightAt(
  outcomes: readonly Outcome[],
  names: readonly string[],
  { from, to }: { readonly from: number; readonly to: number },
  every: number,
): number[][] {
  const looks = Array.from({ length: Math.ceil((to - from) / every) }, () => names.map(() => 0));
  for (const { start, end, server } of outcomes) {
    const replica = names.indexOf(server ?? "");
    const first = Math.max(0, Math.ceil((start - from) / every));
    for (let at = first; replica >= 0 && at < looks.length && from + at * every < end; at++) {
      looks[at]![replica]!++;
    }
  }
  return looks;
}

/** The busiest replica's requests over the mean at each moment; moments without any left out. */
export function ratiosOf(looks: readonly (readonly number[])[]): number[] {
  return looks.map((counts) => spreadOf(counts).maxOverMean).filter(Number.isFinite);
}

function labelOf({ bound }: BoundedRun): string {
  return bound === 0 ? "no bound" : `LB_LOAD_BOUND=${bound}`;
}

/** The requests that each replica served, and the busiest replica over time. */
function chartOf({ runs, exponent, keys, lookMs, seconds }: BoundedData): NamedChart {
  const most = Math.max(...runs.map(({ ratio }) => ratio.max));
  const bars = runs.map((run, at) => ({
    ...{ name: labelOf(run), type: "bar", barGap: "8%", color: COLOURS[at], data: run.served },
  }));
  const lines = runs.map((run, at) =>
    line(
      labelOf(run),
      COLOURS[at] ?? "",
      run.ratios.map((ratio, look) => [look * lookMs / 1000, ratio]),
      run.bound === 0 ? {} : { markLine: markLines([{ yAxis: run.bound }]) },
    )
  );
  return {
    name: "b-1",
    alt: "Requests served by each of ten replicas, and the busiest one over the mean over time",
    title: "B-1: popular keys, without and with a bound on the load",
    subtitle: `keys by Zipf(${exponent.toFixed(1)}), ${whole(keys)} of them, ten replicas`,
    legend: runs.map(labelOf),
    columns: 2,
    size: { width: 340, height: 240 },
    panels: [{
      title: "requests that each replica served",
      x: categories(NAMES.map((_, at) => String(at + 1)), { name: "Server" }),
      y: values(),
      series: bars,
    }, {
      title: "in flight: the busiest replica over the mean",
      x: values({ max: seconds, name: "seconds", splitLine: { show: false } }),
      y: values({ min: 1, max: Math.ceil(4 * most) / 4, interval: 0.25 }),
      series: lines,
    }],
  };
}

function report(data: BoundedData, chart: (name: string) => string): string {
  const { keys, exponent, hottest, clients, serviceMs, seconds, runs } = data;
  const ratio = (values: readonly number[]) => fixed(spreadOf(values).maxOverMean, 2);
  const row = (label: string, cell: (run: BoundedRun) => string) => [label, ...runs.map(cell)];
  return [
    `Ten replicas, ${clients} clients that ask again as soon as they are answered, ${seconds} s; each answer takes ${serviceMs} ms. Requests are routed by a field (\`LB_KEY=header:X-Key\`); of ${
      whole(keys)
    } keys the one of rank r is asked for in proportion to 1 / r${
      exponent === 1 ? "" : `^${exponent}`
    }, the first in ${
      percent(hottest)
    } of all requests. Without a bound the replica of the most popular key has that on top of its share; \`LB_LOAD_BOUND\` sends requests above the bound to the replica of another hash of the key.`,
    tableOf(["", ...runs.map(labelOf)], [
      row("requests", ({ requests }) => whole(requests)),
      row("served: largest / mean", ({ served }) => ratio(served)),
      row("in flight, mean over time: largest / mean", ({ inFlight }) => ratio(inFlight)),
      row("in flight, largest / mean at the median moment", (run) => fixed(run.ratio.p50, 2)),
      row("in flight, largest / mean at the worst moment", (run) => fixed(run.ratio.max, 2)),
      row("lost", ({ faults }) => String(faults.length)),
    ]),
    chart("b-1"),
    rounding(data),
  ].join("\n\n");
}

/** Caps are whole numbers. */
function rounding({ clients, runs }: BoundedData): string {
  const bound = Math.max(...runs.map((run) => run.bound));
  const replicas = runs[0]?.served.length ?? NaN;
  const cap = Math.ceil(bound * clients / replicas);
  return `A cap is a whole number of requests: with ${clients} in flight it is ${cap} a replica, which is ${
    fixed(cap * replicas / clients, 3)
  } times the mean. The clients count a request from when they send it until they have read its answer, the balancer while the replica works on it.`;
}
