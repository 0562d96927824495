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

/** Hues that differ most, in the order in which they are given out. */
const HUES = [257, 45, 160, 312, 95, 205, 5, 130, 285] as const;

/** Lightness and chroma by turns, for fleets with more replicas than there are hues. */
const TIERS = {
  light: [[0.58, 0.17], [0.74, 0.13], [0.43, 0.12]],
  dark: [[0.68, 0.16], [0.83, 0.1], [0.53, 0.14]],
} as const;

/** Each round of hues lies between those of the round before. */
const SHIFT = 14;

/**
 * The colour of a place.
 *
 * @param place from 0
 * @param theme what is behind it
 * @returns a CSS colour
 */
export function colourOf(place: number, theme: "light" | "dark"): string {
  const round = Math.floor(place / HUES.length);
  const tiers = TIERS[theme];
  const [lightness, chroma] = tiers[round % tiers.length] ?? tiers[0];
  const hue = ((HUES[place % HUES.length] ?? 0) + SHIFT * round) % 360;
  return `oklch(${lightness} ${chroma} ${hue})`;
}
