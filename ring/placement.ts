/**
 * The result of a layout.
 *
 * @module
 */

import type { Preferences } from "./preferences.ts";

/** A virtual server on the circle of layout `ring`. */
export interface VirtualServer {
  /** The name of the member. */
  readonly member: string;
  /** j, the index among the member's virtual servers, from 0. */
  readonly index: number;
  /** The slot that the hash function gives. */
  readonly home: number;
  /** The slot that it occupies: the first free one at or after `home`, clockwise. */
  readonly slot: number;
}

/** The result of a layout. Members are identified by their index in canonical order. */
export interface Placement {
  /** For each slot its owner; all 0 when there are no members. */
  readonly table: Uint16Array;
  /** Creates the virtual servers in the order of their placement; only layout `ring` has any. */
  readonly virtualServers?: () => VirtualServer[];
  /** The layout's intermediate results, which help to lay out other members. */
  readonly preferences?: Preferences;
  /**
   * Returns all members in order of preference for a slot: the owner first, members of weight 0
   * last.
   *
   * @param slot A slot of the table.
   */
  rank(slot: number): number[];
}
