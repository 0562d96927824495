/**
 * What a layout makes of members and slots.
 *
 * @module
 */

import type { Preferences } from "./preferences.ts";

/** A point that a member has on the circle of layout `ring`. */
export interface VirtualServer {
  /** The name of the member. */
  readonly member: string;
  /** j, the index among the member's virtual servers, from 0. */
  readonly index: number;
  /** The slot that the hash function gives. */
  readonly home: number;
  /** The slot that it has: the first one at or after `home` that was free, clockwise. */
  readonly slot: number;
}

/** The result of a layout. Members are told by their index in canonical order. */
export interface Placement {
  /** For each slot its owner; all 0 when there are no members. */
  readonly table: Uint16Array;
  /** Makes the virtual servers in the order in which they were placed; layout `ring` alone has any. */
  readonly virtualServers?: () => VirtualServer[];
  /** What the layout worked out of members and slots that helps to lay out other members. */
  readonly preferences?: Preferences;
  /**
   * All members in order of preference for a slot: the owner first, members of weight 0 last.
   *
   * @param slot A slot of the table.
   */
  rank(slot: number): number[];
}
