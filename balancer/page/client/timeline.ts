/**
 * The steps of a heal with the time that each took. Pure.
 *
 * @module
 */
import type { Incident } from "../../answers/incident.ts";

/** The phases of a heal, and the steps that end them. */
const PARTS = [
  { name: "noticed", to: "eject" },
  { name: "rerouted", to: "unrouted" },
  { name: "created", to: "started" },
  { name: "warmed up", to: "ready" },
  { name: "released", to: "release" },
] as const;

/** The class of each phase in the style sheet. */
const CLASSES = {
  noticed: "noticed",
  rerouted: "rerouted",
  created: "created",
  "warmed up": "warmed",
  released: "released",
  "still healing": "pending",
} as const;

/** One phase of a heal. */
export interface Part {
  readonly name: keyof typeof CLASSES;
  readonly class: string;
  /** Milliseconds after the first sign. */
  readonly from: number;
  /** How long it took, in milliseconds. */
  readonly tookMs: number;
}

/**
 * Returns the phases of an incident in order of time: routes change while the replacement is being
 * created. The last one of an open incident grows.
 *
 * @param incident the incident
 * @param now milliseconds since the epoch, by the balancer's clock
 */
export function timelineOf({ at, endedAt, timings }: Incident, now: number): Part[] {
  const reached = PARTS.flatMap(({ name, to }) => {
    const until = timings[to];
    return until === null ? [] : [{ name, until }];
  }).sort((a, b) => a.until - b.until);
  const parts = reached.map(({ name, until }, index): Part => {
    const from = reached[index - 1]?.until ?? 0;
    return { name, class: CLASSES[name], from, tookMs: until - from };
  });
  if (endedAt !== null) return parts;
  const from = reached.at(-1)?.until ?? 0;
  const tookMs = Math.max(0, now - Date.parse(at) - from);
  return [...parts, { name: "still healing", class: CLASSES["still healing"], from, tookMs }];
}
