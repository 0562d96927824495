/**
 * A requested change, in the form of `POST /_lb/plan`.
 *
 * @module
 */

/** The requested change. */
export interface ChangeRequest {
  readonly add?: number;
  readonly hostnames?: readonly string[];
  readonly remove?: readonly string[];
  readonly weights?: Readonly<Record<string, number>>;
  readonly slots?: number;
  readonly virtualServers?: number;
  readonly layout?: string;
  readonly hashes?: string;
}
