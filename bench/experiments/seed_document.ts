/**
 * What the seed document says of its own load balancer.
 *
 * @module
 */

/** The figures that it prints. */
export const SEED_FIGURES = {
  /** Of Server1 to Server3 in its A-1. */
  requests: [3342, 3317, 3341],
  /** A failure is detected in less, milliseconds. */
  detectMs: 5000,
  /** A replacement serves in less, milliseconds. */
  respawnMs: 10_000,
} as const;
