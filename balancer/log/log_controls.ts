/**
 * Log settings that can be changed at runtime.
 *
 * @module
 */

/** Log levels, the default first. */
export const LEVELS = ["info", "debug", "warning", "error"] as const;

/** The least severe level that is written. */
export type Level = (typeof LEVELS)[number];

/** Requests in the access log: `none`, `all`, or a sample rate above 0 and below 1. */
export type AccessLogging = "off" | "full" | number;

/** @returns undefined for any other text */
export function parseAccessLogging(text: string): AccessLogging | undefined {
  if (text === "off" || text === "full") return text;
  const part = /^0?\.\d{1,9}$/.test(text) ? Number(text) : NaN;
  return part > 0 && part < 1 ? part : undefined;
}

/** The sample rate as a number from 0 to 1. */
export function partOf(logging: AccessLogging): number {
  return logging === "off" ? 0 : logging === "full" ? 1 : logging;
}
