/**
 * How much the balancer says, as far as that can be changed while it runs.
 *
 * @module
 */

/** Levels that may be wanted, the usual one first. */
export const LEVELS = ["info", "debug", "warning", "error"] as const;

/** The least severe level that is written. */
export type Level = (typeof LEVELS)[number];

/** Of which requests the access log tells: of none, of all, or of that part of them, above 0 and below 1. */
export type AccessLogging = "off" | "full" | number;

/** @returns undefined for what is none of these */
export function parseAccessLogging(text: string): AccessLogging | undefined {
  if (text === "off" || text === "full") return text;
  const part = /^0?\.\d{1,9}$/.test(text) ? Number(text) : NaN;
  return part > 0 && part < 1 ? part : undefined;
}

/** The same as a number from 0 to 1. */
export function partOf(logging: AccessLogging): number {
  return logging === "off" ? 0 : logging === "full" ? 1 : logging;
}
