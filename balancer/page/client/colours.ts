/**
 * Colours for owners. Pure.
 *
 * @module
 */

/**
 * Gives each name a place in the palette. Who had one keeps it; who comes takes the first that is
 * free, so that a change of the fleet recolours nobody.
 *
 * @param before the places so far
 * @param names who needs one
 */
export function assignPlaces(
  before: ReadonlyMap<string, number>,
  names: readonly string[],
): ReadonlyMap<string, number> {
  const places = new Map(names.flatMap((name) => {
    const place = before.get(name);
    return place === undefined ? [] : [[name, place] as const];
  }));
  const taken = new Set(places.values());
  let next = 0;
  for (const name of names) {
    if (places.has(name)) continue;
    while (taken.has(next)) next++;
    places.set(name, next);
    taken.add(next);
  }
  return places;
}

/** Degrees of hue from one place to the next: the golden angle never comes near where it was. */
const GOLDEN_ANGLE = 137.508;
const FIRST_HUE = 257;

/** Lightness and chroma by turns, so that near hues of a large fleet differ in something else. */
const TIERS = {
  light: [[0.58, 0.16], [0.72, 0.13], [0.44, 0.13]],
  dark: [[0.68, 0.15], [0.82, 0.11], [0.54, 0.14]],
} as const;

/** So many places differ enough by hue alone. */
const PER_TIER = 9;

/**
 * The colour of a place.
 *
 * @param place from 0
 * @param theme what is behind it
 * @returns a CSS colour
 */
export function colourOf(place: number, theme: "light" | "dark"): string {
  const tiers = TIERS[theme];
  const [lightness, chroma] = tiers[Math.floor(place / PER_TIER) % tiers.length] ?? tiers[0];
  const hue = (FIRST_HUE + place * GOLDEN_ANGLE) % 360;
  return `oklch(${lightness} ${chroma} ${hue.toFixed(1)})`;
}
