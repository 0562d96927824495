/**
 * An experiment: its measurement, its charts, its table and its text.
 *
 * @module
 */
import type { EngineName } from "../harness/balancer.ts";
import type { Chart } from "../harness/chart.ts";
import type { Machine } from "../harness/machine.ts";
import type { CsvRow } from "../harness/table.ts";
import type { Room } from "./room.ts";

/** A chart and the name of its file. */
export interface NamedChart extends Chart {
  readonly name: string;
  /** Text for readers who do not see the chart. */
  readonly alt: string;
}

/** One experiment. `T` is its data, which JSON can carry. */
export interface Part<T = unknown> {
  /** The name that `--only` takes. */
  readonly name: string;
  /** For the report. */
  readonly title: string;
  /** The engine of its replicas, where `--engine` does not choose it. */
  readonly engine?: EngineName;
  measure(room: Room): Promise<T>;
  charts?(data: T): readonly NamedChart[];
  /** The data as a table. */
  rows(data: T): readonly CsvRow[];
  /**
   * The text of the report, Markdown without a heading.
   *
   * @param data the data
   * @param chart the line that shows one of the charts
   */
  report(data: T, chart: (name: string) => string): string;
}

/** The data of one experiment, and the circumstances of its run. */
export interface Kept {
  readonly part: string;
  /** ISO 8601. */
  readonly date: string;
  readonly engine: EngineName;
  /** Length of the run. */
  readonly seconds: number;
  readonly version: string;
  readonly machine: Machine;
  readonly data: unknown;
}

/** The figures that the seed document prints of its own load balancer. */
export const SEED_FIGURES = {
  /** Of Server1 to Server3 in its A-1. */
  requests: [3342, 3317, 3341],
  /** A failure is detected in less, milliseconds. */
  detectMs: 5000,
  /** A replacement serves in less, milliseconds. */
  respawnMs: 10_000,
} as const;
