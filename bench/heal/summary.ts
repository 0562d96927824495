/**
 * From observations to the numbers of the table. Pure.
 *
 * @module
 */
import { quantile } from "../harness/statistics.ts";
import type { Trace } from "./collector.ts";
import type { Homes } from "./mixed_load.ts";
import type { Outcome } from "./requests.ts";
import type { Values } from "./result.ts";
import type { Struck } from "./strikes.ts";
import { duringHeal, judge, type Verdict } from "./verdict.ts";

/** The observations of one contestant. */
export interface Observed {
  readonly outcomes: readonly Outcome[];
  readonly struck: readonly Struck[];
  /** Milliseconds by which the bench itself was late. */
  readonly lags: readonly number[];
  /** The replica of each key before the first failure, and after the last. */
  readonly homes: Homes;
  readonly homesAfter: Homes;
  readonly traceOf: (id: string) => Trace;
}

/** The number of losses in the result. */
const TOLD = 10;

/**
 * Sums up.
 *
 * @param observed the observations
 * @returns the numbers, and the first requests that were lost, in words
 */
export function summarize(observed: Observed): { values: Values; losses: readonly string[] } {
  const { outcomes, struck, traceOf } = observed;
  const judged = outcomes.map((outcome) => ({
    outcome,
    verdict: judge(outcome, struck, traceOf),
  }));
  const lost = judged.filter(({ verdict }) => verdict === "lost").map(({ outcome }) => outcome);
  const values = {
    struck: struck.length,
    requests: outcomes.length,
    ...counts(judged),
    ...posts(observed, judged),
    ...places(observed),
    ...latencies(observed),
    ...healing(struck),
    ...spread("lag", observed.lags),
  };
  return { values, losses: lost.slice(0, TOLD).map((outcome) => lossLine(outcome, struck)) };
}

type Judged = readonly { readonly outcome: Outcome; readonly verdict: Verdict }[];

function counts(judged: Judged): Values {
  const count = (...of: readonly Verdict[]) =>
    judged.filter(({ verdict }) => of.includes(verdict)).length;
  return {
    right: count("right"),
    lost: count("lost"),
    refused: count("refused"),
    cut: count("cut"),
    broken: count("broken"),
  };
}

/** The replicas' own reports about the POSTs, independent of the clients' answers. */
function posts({ traceOf }: Observed, judged: Judged): Values {
  const all = judged.filter(({ outcome: { kind } }) => kind === "post" || kind === "upload")
    .map(({ outcome: { key }, verdict }) => ({ verdict, ...traceOf(key) }));
  return {
    executedTwice: all.filter(({ done }) => done.length > 1).length,
    sentTwice: all.filter(({ seen }) => seen.length > 1).length,
    neverExecuted: all.filter(({ verdict, done }) => verdict === "right" && done.length === 0)
      .length,
    unseen:
      all.filter(({ verdict, seen }) =>
        (verdict === "refused" || verdict === "cut") && seen.length === 0
      ).length,
  };
}

/** Answers of other replicas: allowed during a heal, a fault afterwards. */
function places({ outcomes, struck, homes, homesAfter }: Observed): Values {
  const strayed = outcomes.filter(({ kind, key, server }) =>
    kind === "get" && server !== undefined && server !== homes.get(key)
  );
  const elsewhere = strayed.filter((outcome) => duringHeal(outcome, struck)).length;
  const moved = [...homes].filter(([key, home]) => homesAfter.get(key) !== home).length;
  const digests = struck.filter(({ digestBefore, digestAfter }) => digestBefore !== digestAfter);
  return { elsewhere, strayed: strayed.length - elsewhere, moved, digests: digests.length };
}

function latencies({ outcomes, struck }: Observed): Values {
  const right = outcomes.filter(({ kind, fault }) => kind === "get" && fault === undefined);
  const time = ({ start, end }: Outcome) => end - start;
  const during = right.filter((outcome) => duringHeal(outcome, struck));
  const quiet = right.filter((outcome) => !duringHeal(outcome, struck));
  return { ...spread("healGet", during.map(time)), ...spread("quietGet", quiet.map(time)) };
}

function healing(struck: readonly Struck[]): Values {
  const after = (at: number, then: number | undefined) => then === undefined ? [] : [then - at];
  const createAt = ({ incident }: Struck) => {
    const create = incident?.timings["create"] ?? undefined;
    return incident && create !== undefined ? Date.parse(incident.at) + create : undefined;
  };
  return {
    ...spread("out", struck.flatMap(({ at, outAt }) => after(at, outAt))),
    ...spread("create", struck.flatMap((one) => after(one.at, createAt(one)))),
    ...spread("full", struck.flatMap(({ at, fullAt }) => after(at, fullAt))),
    unhealed: struck.filter(({ fullAt }) => fullAt === undefined).length,
  };
}

/** Median, 99th percentile and greatest of some times, under a common name. */
export function spread(name: string, times: readonly number[]): Values {
  const sorted = times.toSorted((a, b) => a - b);
  return {
    [`${name}P50`]: quantile(sorted, 0.5),
    [`${name}P99`]: quantile(sorted, 0.99),
    [`${name}Max`]: quantile(sorted, 1),
  };
}

/** A loss, and how long after the last failure it began and ended. */
function lossLine({ kind, key, start, end, fault }: Outcome, struck: readonly Struck[]): string {
  const last = struck.findLast(({ at }) => at <= end);
  const ms = (time: number) => `${(time - (last?.at ?? 0)).toFixed(0)} ms`;
  const when = last
    ? `begun ${ms(start)} and over ${ms(end)} after failure ${
      struck.indexOf(last) + 1
    } (${last.name})`
    : "before the first failure";
  return `${kind} ${key}: ${fault}; ${when}`;
}
