/**
 * What a number in a result is.
 *
 * @module
 */

/** A kind of number. */
export interface Metric {
  readonly key: string;
  /** Name and unit. */
  readonly label: string;
  readonly digits: number;
  /** Which of two values is better. Without it the column is no competition and has no ratio. */
  readonly better?: "less" | "more";
}
