/**
 * Places the names in the ring so that none covers another or the figures in the centre. Pure.
 *
 * @module
 */
import { shortened } from "./format.ts";

/** A name to be placed. */
export interface Label {
  readonly name: string;
  /** Where its share is, in radians by the canvas's convention. */
  readonly angle: number;
  /** The larger, the earlier it is placed. */
  readonly share: number;
}

/** A placed name: its text, and the middle of its box. */
export interface PlacedLabel {
  readonly text: string;
  readonly x: number;
  readonly y: number;
}

/** The geometry of the labels, in pixels from the centre of the ring. */
export interface LabelSpace {
  /** Radius that no label exceeds. */
  readonly radius: number;
  /** The boxes of the figures in the centre. */
  readonly centre: readonly Box[];
  /** Height of a line. */
  readonly height: number;
  /** Width of a text. */
  readonly width: (text: string) => number;
}

/** A box by its middle and its size. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The room for names as spokes, in pixels from the centre of the ring. */
export interface SpokeSpace {
  /** Radius at which each name ends. */
  readonly radius: number;
  /** Radius that no name falls short of. */
  readonly inner: number;
  /** Height of a line. */
  readonly height: number;
  /** Width of a text. */
  readonly width: (text: string) => number;
}

/** A name as a spoke. */
export interface Spoke {
  readonly text: string;
  readonly angle: number;
  /** Radius at which it begins. */
  readonly from: number;
}

/** Lengths that are tried, the longest first. */
const LENGTHS = [16, 13, 11, 9, 7];
const GAP = 3;

/**
 * Places labels, those of the largest shares first. A label that finds no room, even shortened, is
 * left out.
 *
 * @param labels the names
 * @param space the room for them
 */
export function placeLabels(labels: readonly Label[], space: LabelSpace): PlacedLabel[] {
  const taken: Box[] = [...space.centre];
  const placed: PlacedLabel[] = [];
  for (const label of [...labels].sort((a, b) => b.share - a.share)) {
    for (const most of LENGTHS) {
      const text = shortened(label.name, most);
      const box = boxOf(label.angle, space.width(text), space);
      if (taken.some((other) => overlap(box, other))) continue;
      taken.push(box);
      placed.push({ text, x: box.x, y: box.y });
      break;
    }
  }
  return placed;
}

/**
 * Places names as spokes, those of the largest shares first. A name that would touch another one is
 * left out.
 *
 * @param labels the names
 * @param space the room for them
 */
export function placeSpokes(labels: readonly Label[], space: SpokeSpace): Spoke[] {
  const placed: Spoke[] = [];
  for (const label of [...labels].sort((a, b) => b.share - a.share)) {
    const spoke = spokeOf(label, space);
    if (spoke && !placed.some((other) => touch(spoke, other, space.height))) placed.push(spoke);
  }
  return placed;
}

function spokeOf({ name, angle }: Label, { radius, inner, width }: SpokeSpace): Spoke | undefined {
  for (const most of LENGTHS) {
    const text = shortened(name, most);
    const from = radius - width(text);
    if (from >= inner) return { text, angle, from };
  }
  return undefined;
}

/** Spokes are closest where the shorter one begins. */
function touch(a: Spoke, b: Spoke, height: number): boolean {
  const turn = Math.abs(a.angle - b.angle) % (2 * Math.PI);
  const between = Math.min(turn, 2 * Math.PI - turn);
  return between * Math.max(a.from, b.from) < height;
}

/** The box whose outer corner touches the radius. */
function boxOf(angle: number, width: number, { radius, height }: LabelSpace): Box {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  // Moved inwards by the part of the box that lies in this direction.
  const inwards = Math.abs(cos) * width / 2 + Math.abs(sin) * height / 2;
  return { x: (radius - inwards) * cos, y: (radius - inwards) * sin, width, height };
}

function overlap(a: Box, b: Box): boolean {
  return Math.abs(a.x - b.x) < (a.width + b.width) / 2 + GAP &&
    Math.abs(a.y - b.y) < (a.height + b.height) / 2 + GAP;
}
