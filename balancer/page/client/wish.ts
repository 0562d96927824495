/**
 * What an operator wants, as `POST /_lb/plan` takes it.
 *
 * @module
 */

/** What is to be different. */
export interface Wish {
  readonly add?: number;
  readonly hostnames?: readonly string[];
  readonly remove?: readonly string[];
  readonly weights?: Readonly<Record<string, number>>;
  readonly slots?: number;
  readonly virtualServers?: number;
  readonly layout?: string;
  readonly hashes?: string;
}
