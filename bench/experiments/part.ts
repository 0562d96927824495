/**
 * What every experiment has in common.
 *
 * @module
 */
import type { EngineName } from "../harness/balancer.ts";
import type { Chart } from "../harness/chart.ts";
import type { Row } from "./csv.ts";
import type { Room } from "./room.ts";

/** A chart and the name of its files. */
export interface NamedChart extends Chart {
  readonly name: string;
  /** What it shows, for those who do not see it. */
  readonly alt: string;
}

/** One experiment. `T` is what it finds, plain data that JSON keeps. */
export interface Part<T = unknown> {
  /** The name that `--only` takes. */
  readonly name: string;
  /** For the report. */
  readonly title: string;
  /** What runs its replicas, where that is no choice. */
  readonly engine?: EngineName;
  measure(room: Room): Promise<T>;
  charts(data: T): readonly NamedChart[];
  /** The data as a table. */
  rows(data: T): readonly Row[];
  /**
   * The text of the report, Markdown without a heading.
   *
   * @param data what was found
   * @param chart the line that shows one of the charts
   */
  report(data: T, chart: (name: string) => string): string;
}

/** One experiment as it is kept. */
export interface Kept {
  readonly part: string;
  /** ISO 8601. */
  readonly date: string;
  readonly engine: EngineName;
  /** What it took. */
  readonly seconds: number;
  readonly version: string;
  readonly machine: Readonly<Record<string, string | number>>;
  readonly data: unknown;
}
