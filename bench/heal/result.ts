/**
 * What the bench found, as it is written down.
 *
 * @module
 */
import type { Line } from "./metrics.ts";
import type { Struck } from "./strikes.ts";
import type { Values } from "./summary.ts";

/** One contestant's column. */
export interface Column {
  readonly name: string;
  readonly about: string;
  readonly kind: "own" | "peer";
  readonly values: Values;
  /** The first things that went wrong, in words. */
  readonly losses: readonly string[];
  /** Every failure by itself. */
  readonly struck?: readonly Struck[];
  /** Why there are no numbers. */
  readonly fault?: string;
}

/** One table. */
export interface Table {
  readonly name: string;
  readonly title: string;
  readonly lines: readonly Line[];
  readonly columns: readonly Column[];
}

/** One run of the bench. */
export interface Result {
  readonly date: string;
  readonly machine: Readonly<Record<string, string | number>>;
  readonly versions: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, number>>;
  readonly tables: readonly Table[];
}
