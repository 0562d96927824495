/**
 * a replica is killed under load, again and again; and made to hang with no load at all.
 *
 * @module
 */
import { complain } from "../../tools/print.ts";
import { pass } from "../harness/clock.ts";
import { failureCharts } from "./a3_chart.ts";
import { failureReport } from "./a3_report.ts";
import { type Blow, hang, killUnder, type Times } from "./a3_strikes.ts";
import { Fleet } from "./fleet.ts";
import { serverNames } from "./layouts.ts";
import { CLIENTS, type Outcome, PacedLoad, REQUESTS_A_SECOND } from "./paced_load.ts";
import type { Part } from "./part.ts";
import type { Room } from "./room.ts";
import { medianAndMax } from "./statistics.ts";
import { answersBetween, type Bins, binsOf, type Dot, dotsOf } from "./timeline.ts";

/** A kill, and what the load saw of it. */
export interface Kill {
  readonly name: string;
  /** What gave it away, in the balancer's words. */
  readonly signal: string;
  readonly times: Times;
  /** Milliseconds from the kill to the replacement's first answer, as a client saw it. */
  readonly answered: number;
  /** The longest that a request took which was sent from a second before to a second after. */
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

/** What was found. */
export interface FailureData {
  readonly replicas: readonly string[];
  readonly clients: number;
  readonly requestsASecond: number;
  readonly kills: readonly Kill[];
  /** Hangs with no load: only heartbeats can notice. */
  readonly hangs: readonly Times[];
  readonly requests: number;
  /** What was lost, in words. */
  readonly lost: readonly string[];
  /** The kill that the chart shows: the one whose replacement took the median time. */
  readonly shown: { readonly kill: number; readonly bins: Bins; readonly dots: readonly Dot[] };
}

const REPLICAS = 3;
const KILLS = 10;
const HANGS = 3;
/** Milliseconds of load before the first kill and after every one. */
const QUIET_MS = 3000;
/** Milliseconds before and after a heal that are compared with it. */
const WINDOW_MS = 1000;
const LONG_VIEW = { from: -2000, to: 3000 };
const BIN_MS = 100;

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
  const replicas = serverNames(REPLICAS);
  const blows: Blow[] = [];
  const outcomes: Outcome[] = [];
  await using fleet = await Fleet.start(room, { replicas: REPLICAS });
  {
    await using load = new PacedLoad(fleet.port);
    await pass(QUIET_MS, room.signal);
    for (let at = 0; at < KILLS; at++) {
      blows.push(await killUnder(fleet, replicas[at % REPLICAS] ?? "", room.signal));
      await pass(QUIET_MS, room.signal);
    }
    await load[Symbol.asyncDispose]();
    outcomes.push(...load.outcomes);
  }
  const kills = blows.map((blow) => killOf(blow, outcomes, replicas));
  complain(`  full ring after ${medianAndMax(kills.map(({ times }) => times.released)).p50} ms`);
  const hangs: Times[] = [];
  for (let at = 0; at < HANGS; at++) {
    hangs.push((await hang(fleet, replicas[at % REPLICAS] ?? "", room.signal)).times);
  }
  return {
    ...{ replicas, clients: CLIENTS, requestsASecond: REQUESTS_A_SECOND, kills, hangs },
    requests: outcomes.length,
    lost: outcomes.flatMap(({ fault }) => fault ?? []),
    shown: show(blows, outcomes, replicas),
  };
}

function killOf(blow: Blow, outcomes: readonly Outcome[], replicas: readonly string[]): Kill {
  const { name, at, times, incident } = blow;
  const back = at + times.released;
  const near = outcomes.filter(({ start }) => Math.abs(start - at) < WINDOW_MS);
  const again = outcomes.filter(({ server, end }) => server === name && end > at + times.ejected);
  const window = (when: Window["when"], from: number, to: number): Window => {
    return { when, ms: to - from, answers: answersBetween(outcomes, replicas, from, to) };
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

function show(
  blows: readonly Blow[],
  outcomes: readonly Outcome[],
  replicas: readonly string[],
): FailureData["shown"] {
  const { p50 } = medianAndMax(blows.map(({ times }) => times.released));
  const kill = blows.findIndex(({ times }) => times.released === p50);
  const at = blows[kill]?.at ?? NaN;
  const short = { from: -p50, to: 3 * p50 };
  return {
    kill,
    bins: binsOf(outcomes, replicas, at, LONG_VIEW, BIN_MS),
    dots: dotsOf(outcomes, at, short),
  };
}
