/**
 * Colours for owners. Pure.
 *
 * @module
 */

/**
 * Gives each name a place in the palette. Names keep their places; a new name takes the first free
 * place, so that a change of the fleet recolours no replica.
 *
 * @param before the places so far
 * @param names names that need a place
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

/** Hues, the most different first. */
const HUES = [257, 45, 160, 312, 95, 205, 5, 130, 285] as const;

/** Lightness and chroma in rotation, for fleets with more replicas than hues. */
const TIERS = {
  light: [[0.58, 0.17], [0.74, 0.13], [0.43, 0.12]],
  dark: [[0.68, 0.16], [0.83, 0.1], [0.53, 0.14]],
} as const;

/** The hues of each round lie between those of the round before. */
const SHIFT = 14;

/**
 * Returns the colour of a place.
 *
 * @param place from 0
 * @param theme theme of the background
 * @returns a CSS colour
 */
export function colourOf(place: number, theme: "light" | "dark"): string {
  const round = Math.floor(place / HUES.length);
  const tiers = TIERS[theme];
  const [lightness, chroma] = tiers[round % tiers.length] ?? tiers[0];
  const hue = ((HUES[place % HUES.length] ?? 0) + SHIFT * round) % 360;
  return `oklch(${lightness} ${chroma} ${hue})`;
}
