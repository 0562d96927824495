/**
 * What the bench found, as it is written down.
 *
 * @module
 */
import type { Metric } from "../harness/metric.ts";
import type { Sample } from "./metrics.ts";
import type { Kind } from "./proxy.ts";

/** One proxy in one scenario. */
export interface Row {
  readonly name: string;
  readonly kind: Kind;
  /** Each round's values. */
  readonly samples: readonly Sample[];
  readonly median: Sample;
  /** What is missing, or what went wrong in a round; that round has no sample. */
  readonly fault?: string;
}

/** One scenario. */
export interface Table {
  readonly scenario: string;
  readonly title: string;
  readonly metrics: readonly Metric[];
  readonly rows: readonly Row[];
}

/** One run of the bench. */
export interface Result {
  readonly date: string;
  readonly machine: Readonly<Record<string, string | number>>;
  /** Versions of the proxies and of the programs beside them. */
  readonly versions: Readonly<Record<string, string>>;
  readonly rounds: number;
  readonly seconds: number;
  readonly tables: readonly Table[];
}

/**
 * The best value of the peers in a metric, if it is a competition and a peer was there.
 *
 * @param rows the rows of a table
 * @param metric the metric
 */
export function bestPeer(rows: readonly Row[], { key, better }: Metric): number | undefined {
  const values = rows.filter(({ kind }) => kind === "peer")
    .map(({ median }) => median[key]).filter((value) => value !== undefined && !isNaN(value));
  if (!better || values.length === 0) return undefined;
  return better === "less" ? Math.min(...values as number[]) : Math.max(...values as number[]);
}
