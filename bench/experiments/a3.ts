/**
 * a replica is killed under load, again and again; and made to hang with no load at all.
 *
 * @module
 */
import { printError } from "../../tools/print.ts";
import { ToolError } from "../../tools/tool.ts";
import type { BenchBalancer, Incident } from "../harness/balancer.ts";
import { eventually, pass } from "../harness/clock.ts";
import { signalProcess } from "../harness/program.ts";
import { medianAndMax } from "../harness/statistics.ts";
import { failureCharts } from "./a3_chart.ts";
import { failureReport } from "./a3_report.ts";
import type { Part } from "./part.ts";
import { CLIENTS, type Outcome, pacedLoad, REQUESTS_A_SECOND } from "./requests.ts";
import { type Room, serverNames, startFleet } from "./room.ts";

/** Milliseconds after the failure, by the balancer's record. */
export interface Times {
  /** The balancer knew. */
  readonly detected: number;
  /** It published a view without the replica. */
  readonly ejected: number;
  /** Every worker routed by that view. */
  readonly unrouted: number;
  /** The engine had started the replacement. */
  readonly started: number;
  /** The replacement passed its first heartbeat. */
  readonly ready: number;
  /** Every worker routed to it again. */
  readonly released: number;
}

/** A kill, and its effect on the load. */
export interface Kill {
  readonly name: string;
  /** The sign that gave it away, in the balancer's words. */
  readonly signal: string;
  readonly times: Times;
  /** Milliseconds from the kill to the replacement's first answer, as a client saw it. */
  readonly answered: number;
  /** The slowest request that was sent from a second before to a second after. */
  readonly longest: number;
  /** Requests that waited for the replacement, and those that were sent again. */
  readonly held: number;
  readonly retried: number;
  readonly windows: readonly Window[];
}

/** Answers of each replica in a stretch of time. */
export interface Window {
  readonly when: "before" | "during" | "after";
  readonly ms: number;
  readonly answers: readonly number[];
}

/** Answers counted by time and by replica. */
interface Bins {
  /** Milliseconds of one bin. */
  readonly width: number;
  /** Milliseconds from the kill to the beginning of the first bin. */
  readonly from: number;
  /** By replica: answers in each bin. */
  readonly counts: Readonly<Record<string, readonly number[]>>;
}

/** A request: when it was sent, how long it took (milliseconds), and the replica that answered. */
type Dot = readonly [sent: number, took: number, server: string];

/** The data of A-3. */
export interface FailureData {
  readonly replicas: readonly string[];
  readonly clients: number;
  readonly requestsASecond: number;
  readonly kills: readonly Kill[];
  /** Hangs with no load: only heartbeats can notice. */
  readonly hangs: readonly Times[];
  readonly requests: number;
  /** Lost requests, in words. */
  readonly lost: readonly string[];
  /** The kill in the chart: the one whose replacement took the median time. */
  readonly shown: { readonly kill: number; readonly bins: Bins; readonly dots: readonly Dot[] };
}

/** A failure. */
interface Failure {
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly times: Times;
  readonly incident: Incident;
}

const NAMES = serverNames(3);
const KILLS = 10;
const HANGS = 3;
/** Milliseconds of load before the first kill and after every one. */
const QUIET_MS = 3000;
/** Milliseconds before and after a heal that are compared with it. */
const WINDOW_MS = 1000;
const CHART_SPAN = { from: -2000, to: 3000 };
const BIN_MS = 100;
/** Milliseconds that a heal may take. */
const DEADLINE_MS = 30_000;

/** */
export const failure: Part<FailureData> = {
  name: "A-3",
  title: "a replica is killed under load",
  measure,
  charts: failureCharts,
  rows: ({ kills }) =>
    kills.map(({ name, signal, times, answered, longest, held, retried }, at) => ({
      ...{ kill: at + 1, name, signal, ...times, answered, longest, held, retried },
    })),
  report: failureReport,
};

async function measure(room: Room): Promise<FailureData> {
  await using fleet = await startFleet(room, { replicas: NAMES.length });
  const { failures, outcomes } = await killUnderLoad(fleet, room.signal);
  const kills = failures.map((failure) => killOf(failure, outcomes));
  printError(`  full ring after ${medianAndMax(kills.map(({ times }) => times.released)).p50} ms`);
  const hangs: Times[] = [];
  for (let at = 0; at < HANGS; at++) {
    hangs.push((await fail(fleet, NAMES[at % NAMES.length] ?? "", "STOP", room.signal)).times);
  }
  return {
    ...{ replicas: NAMES, clients: CLIENTS, requestsASecond: REQUESTS_A_SECOND, kills, hangs },
    requests: outcomes.length,
    lost: outcomes.flatMap(({ fault }) => fault ?? []),
    shown: shownOf(failures, outcomes),
  };
}

async function killUnderLoad(fleet: BenchBalancer, signal: AbortSignal) {
  const failures: Failure[] = [];
  await using load = pacedLoad(fleet.port);
  await pass(QUIET_MS, signal);
  for (let at = 0; at < KILLS; at++) {
    failures.push(await fail(fleet, NAMES[at % NAMES.length] ?? "", "KILL", signal));
    await pass(QUIET_MS, signal);
  }
  await load.stop();
  return { failures, outcomes: load.outcomes };
}

/**
 * Lets a replica fail, and waits until it is healed.
 *
 * @param how `KILL` ends its process as `kill -9` does; with `STOP` it keeps its connections and
 *   answers nothing
 */
async function fail(
  fleet: BenchBalancer,
  name: string,
  how: "KILL" | "STOP",
  signal: AbortSignal,
): Promise<Failure> {
  const instance = await fleet.instanceOf(name);
  const at = await signalProcess(how, await fleet.pidOf(instance));
  let incident: Incident | undefined;
  const isHealed = async () => {
    incident = await fleet.incident(instance);
    return typeof incident?.timings["release"] === "number";
  };
  if (!await eventually(isHealed, DEADLINE_MS, signal) || !incident) {
    throw new ToolError(`${instance} is not healed: ${JSON.stringify(incident)}`);
  }
  await fleet.untilWhole(signal);
  return { name, at, incident, times: timesOf(incident, at) };
}

function timesOf({ at: first, timings }: Incident, at: number): Times {
  const after = (step: string) => Math.round(Date.parse(first) + (timings[step] ?? NaN) - at);
  return {
    detected: after("signal"),
    ejected: after("eject"),
    unrouted: after("unrouted"),
    started: after("started"),
    ready: after("ready"),
    released: after("release"),
  };
}

function killOf({ name, at, times, incident }: Failure, outcomes: readonly Outcome[]): Kill {
  const back = at + times.released;
  const near = outcomes.filter(({ start }) => Math.abs(start - at) < WINDOW_MS);
  const again = outcomes.filter(({ server, end }) => server === name && end > at + times.ejected);
  const window = (when: Window["when"], from: number, to: number): Window => {
    return { when, ms: to - from, answers: answersBetween(outcomes, NAMES, from, to) };
  };
  return {
    name,
    signal: incident.signal,
    times,
    answered: Math.min(...again.map(({ end }) => end)) - at,
    longest: Math.max(...near.map(({ start, end }) => end - start)),
    held: incident.requests["held"] ?? NaN,
    retried: incident.requests["retried"] ?? NaN,
    windows: [
      window("before", at - WINDOW_MS, at),
      window("during", at, back),
      window("after", back, back + WINDOW_MS),
    ],
  };
}

function shownOf(failures: readonly Failure[], outcomes: readonly Outcome[]) {
  const { p50 } = medianAndMax(failures.map(({ times }) => times.released));
  const kill = failures.findIndex(({ times }) => times.released === p50);
  const at = failures[kill]?.at ?? NaN;
  return {
    kill,
    bins: binsOf(outcomes, NAMES, at, CHART_SPAN, BIN_MS),
    dots: dotsOf(outcomes, at, { from: -p50, to: 3 * p50 }),
  };
}

/**
 * Counts answers by the time that they came.
 *
 * @param outcomes all requests
 * @param names the replicas to count for
 * @param moment milliseconds since the epoch; 0 of the result's times
 * @param span from when to when, in milliseconds around the moment
 * @param width milliseconds of one bin
 */
export function binsOf(
  outcomes: readonly Outcome[],
  names: readonly string[],
  moment: number,
  span: { readonly from: number; readonly to: number },
  width: number,
): Bins {
  const bins = Array.from({ length: Math.round((span.to - span.from) / width) }, (_, at) => {
    const from = moment + span.from + at * width;
    return answersBetween(outcomes, names, from, from + width);
  });
  const counts = names.map((name, at) => [name, bins.map((bin) => bin[at] ?? 0)]);
  return { width, from: span.from, counts: Object.fromEntries(counts) };
}

/** Answers of each replica from one moment (milliseconds since the epoch) up to before another. */
export function answersBetween(
  outcomes: readonly Outcome[],
  names: readonly string[],
  from: number,
  to: number,
): number[] {
  const within = outcomes.filter(({ end }) => end >= from && end < to);
  return names.map((name) => within.filter(({ server }) => server === name).length);
}

/** The requests that were sent in a span around a moment. */
export function dotsOf(
  outcomes: readonly Outcome[],
  moment: number,
  span: { readonly from: number; readonly to: number },
): Dot[] {
  const tenth = (ms: number) => Math.round(10 * ms) / 10;
  return outcomes
    .map(({ start, end, server = "" }): Dot => [tenth(start - moment), tenth(end - start), server])
    .filter(([sent]) => sent >= span.from && sent < span.to);
}
