/**
 * Whether a worker drains.
 *
 * @module
 */

/** The state of one worker. */
export class DrainState {
  /** True once the worker is to end: each response closes its connection. */
  draining = false;
}
