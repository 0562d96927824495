/**
 * The layouts and hash families that are compared.
 *
 * @module
 */
import { type HashFamilyName, type Layout, Ring } from "../../ring/mod.ts";

/** A way to share out the slots, and to hash. */
export interface Way {
  readonly layout: Layout;
  readonly hashes: HashFamilyName;
  /** In charts, as in CSS. */
  readonly colour: string;
}

/** The product's default. */
export const DEFAULT_WAY: Way = { layout: "even", hashes: "fibonacci", colour: "#c2410c" };

/** All that are compared; the default first. */
export const WAYS: readonly Way[] = [
  DEFAULT_WAY,
  { layout: "rendezvous", hashes: "fibonacci", colour: "#0f766e" },
  { layout: "ring", hashes: "fibonacci", colour: "#2563eb" },
  { layout: "ring", hashes: "hashed", colour: "#7c3aed" },
  { layout: "ring", hashes: "classic", colour: "#a16207" },
  { layout: "ring", hashes: "seed", colour: "#64748b" },
];

/** What a way is called. */
export function nameOf({ layout, hashes }: Pick<Way, "layout" | "hashes">): string {
  return `${layout}, ${hashes}`;
}

/** The colour of a way by its name. */
export function colourOf(name: string): string {
  return WAYS.find((way) => nameOf(way) === name)?.colour ?? "#334155";
}

/** The settings that ask the balancer for it. */
export function settingsOf({ layout, hashes }: Way): Record<string, string> {
  return { LB_LAYOUT: layout, LB_HASHES: hashes };
}

/** The ring of some members, the same that the balancer builds. */
export function ringOf({ layout, hashes }: Way, members: readonly string[]): Ring {
  return Ring.build({ members, layout, hashes });
}

/** `Server1` to `Server<n>`. */
export function serverNames(n: number): string[] {
  return Array.from({ length: n }, (_, at) => `Server${at + 1}`);
}
