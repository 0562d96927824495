/**
 * Formats figures and foreign text for people.
 *
 * @module
 */
import { stripVTControlCharacters } from "node:util";

/** Shown for unknown values. */
export const UNKNOWN = "–";

/** A share from 0 to 1: `33.4 %`. */
export function share(part: number | undefined): string {
  return part === undefined || !Number.isFinite(part) ? UNKNOWN : `${(100 * part).toFixed(1)} %`;
}

/** A rate per second: `3.2`, `812`, `128k`. */
export function rate(perSecond: number | undefined): string {
  if (perSecond === undefined) return UNKNOWN;
  if (perSecond > 0 && perSecond < 9.95) return perSecond.toFixed(1);
  return perSecond < 99_999.5 ? String(Math.round(perSecond)) : `${Math.round(perSecond / 1000)}k`;
}

/** A short duration: `0.8 ms`, `64 ms`, `1.2 s`. */
export function milliseconds(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return UNKNOWN;
  if (ms < 9.95) return `${ms.toFixed(1)} ms`;
  return ms < 999.5 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** An age: `12 s`, `3 min`, `2 h`, `5 d`. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 2 * 3600) return `${Math.floor(seconds / 60)} min`;
  return seconds < 2 * 86_400
    ? `${Math.floor(seconds / 3600)} h`
    : `${Math.floor(seconds / 86_400)} d`;
}

/**
 * Untrusted text on one line, without terminal control characters: error messages contain replicas'
 * last output.
 */
export function plain(text: string): string {
  // deno-lint-ignore no-control-regex
  return stripVTControlCharacters(text).replace(/[\x00-\x1f\x7f-\x9f]+/g, " ").trim();
}

/** Control characters that JSON.stringify leaves: DEL, C1, Unicode's own line ends. */
const LATE_CONTROLS = /[\u007f-\u009f\u2028\u2029]/g;

/**
 * Formats JSON that is safe on a terminal: clients and replicas choose parts of its content.
 *
 * @param value anything that JSON can hold
 */
export function jsonText(value: unknown): string {
  return JSON.stringify(value).replace(LATE_CONTROLS, (letter) => {
    return `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
