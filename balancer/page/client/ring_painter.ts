/**
 * Draws the ring on two canvases: the ring itself, redrawn when the ring changes, and above it the
 * highlight of the hovered part, which is cheap to draw.
 *
 * From the outside: slot numbers; virtual servers, or the moves of a plan; the slots; each
 * replica's share of them in one piece.
 *
 * @module
 */
import { angleOf, type Move, type Run } from "./ring_geometry.ts";

/** Bands, as fractions of half the picture's size. */
const BAND = {
  numbers: 0.955,
  outer: [0.875, 0.92],
  slots: [0.68, 0.86],
  shares: [0.55, 0.64],
  names: 0.5,
} as const;

/** A replica that is not ready shows only the inner part of its slots. */
const NOT_READY = 0.3;
/** Names are written only if there is room. */
const MOST_NAMES = 12;
/** Beyond this cosine a name is placed left or right rather than above or below. */
const SIDEWAYS = 0.35;
const WHOLE = 2 * Math.PI;

/** An owner with its drawing style. */
export interface Owner {
  readonly name: string;
  readonly colour: string;
  readonly ready: boolean;
  readonly slots: number;
}

/** The content of the drawing. */
export interface Picture {
  readonly slots: number;
  readonly owners: readonly Owner[];
  readonly runs: readonly Run[];
  /** For each virtual server the index of its owner and its slot. */
  readonly virtualServers: readonly (readonly [owner: number, slot: number])[];
  /** The moves of a plan. */
  readonly moves: readonly (Move & { readonly colour: string })[] | undefined;
  /** Colours of the text and of the background. */
  readonly ink: string;
  readonly paper: string;
}

/** Returns the owner at a point of the band of shares. */
export interface ShareArc {
  readonly owner: number;
  readonly from: number;
  readonly to: number;
}

/** The position of each owner's share, in slots from the top. */
export function shareArcs(owners: readonly Owner[]): ShareArc[] {
  let from = 0;
  return owners.map(({ slots }, owner) => {
    const arc = { owner, from, to: from + slots };
    from = arc.to;
    return arc;
  });
}

/** Returns the band at a distance from the centre, as a fraction of half the size. */
export function bandAt(distance: number): "slots" | "shares" | undefined {
  if (distance >= BAND.slots[0] && distance <= BAND.outer[1]) return "slots";
  return distance >= BAND.shares[0] && distance <= BAND.shares[1] ? "shares" : undefined;
}

/** A canvas with a fixed coordinate system, independent of the screen's resolution. */
export class RingPainter {
  readonly #context: CanvasRenderingContext2D;
  readonly #half: number;

  /**
   * @param canvas the canvas; it is cleared
   * @param size width and height in CSS pixels
   */
  constructor(canvas: HTMLCanvasElement, size: number) {
    const scale = globalThis.devicePixelRatio || 1;
    canvas.width = canvas.height = Math.round(size * scale);
    const context = canvas.getContext("2d");
    if (!context) throw new TypeError("the browser has no canvas");
    context.setTransform(scale, 0, 0, scale, size * scale / 2, size * scale / 2);
    this.#context = context;
    this.#half = size / 2;
  }

  /** Draws the ring. */
  draw(picture: Picture): void {
    this.#slots(picture);
    this.#shares(picture);
    this.#numbers(picture);
    if (picture.moves) this.#moves(picture.moves);
    else this.#virtualServers(picture);
  }

  /** Draws only the slots and the share of one owner. */
  mark({ owners, runs, slots }: Picture, owner: number): void {
    const { colour, ready } = owners[owner] ?? {};
    if (colour === undefined) return;
    const [inner, outer] = this.#slotBand(ready ?? true);
    for (const run of runs) {
      if (run.owner === owner) this.#arc(inner, outer, run.from, run.to, slots, colour);
    }
    const share = shareArcs(owners)[owner];
    if (share) this.#arc(...BAND.shares, share.from, share.to, slots, colour);
  }

  /** Draws a pointer from the centre to a slot. */
  point(slot: number, slots: number, ink: string): void {
    const context = this.#context;
    context.save();
    context.rotate(angleOf(slot + 0.5, slots));
    context.fillStyle = context.strokeStyle = ink;
    context.lineWidth = 2;
    const [from, to] = [BAND.shares[1] * this.#half, BAND.outer[1] * this.#half];
    context.beginPath();
    context.moveTo(from, 0);
    context.lineTo(to, 0);
    context.stroke();
    context.beginPath();
    context.moveTo(BAND.slots[1] * this.#half, 0);
    context.lineTo(to + 4, -6);
    context.lineTo(to + 4, 6);
    context.fill();
    context.restore();
  }

  #slots({ slots, owners, runs, moves, ink, paper }: Picture): void {
    this.#arc(...BAND.slots, 0, slots, slots, paper);
    // Parts that a plan does not change are dimmed.
    this.#context.globalAlpha = moves ? 0.25 : 1;
    for (const { owner, from, to } of runs) {
      const { colour, ready } = owners[owner] ?? { colour: ink, ready: false };
      const [inner, outer] = this.#slotBand(ready);
      this.#arc(inner, outer, from, to, slots, colour);
    }
    this.#context.globalAlpha = 1;
  }

  #slotBand(ready: boolean): readonly [inner: number, outer: number] {
    const [inner, outer] = BAND.slots;
    return ready ? [inner, outer] : [inner, inner + NOT_READY * (outer - inner)];
  }

  #shares({ owners, slots, ink, paper }: Picture): void {
    for (const { owner, from, to } of shareArcs(owners)) {
      const { name, colour, ready } = owners[owner] ?? { name: "", colour: ink, ready: true };
      if (from === to) continue;
      this.#arc(...BAND.shares, from, to, slots, ready ? colour : this.#hatch(colour, paper));
      this.#gap(from, slots, paper);
      const middle = angleOf((from + to) / 2, slots);
      if (owners.length <= MOST_NAMES && (to - from) / slots > 0.02) this.#name(name, middle, ink);
    }
  }

  /** The gap between shares. */
  #gap(slot: number, slots: number, paper: string): void {
    const context = this.#context;
    context.save();
    context.rotate(angleOf(slot, slots));
    context.fillStyle = paper;
    context.fillRect(
      (BAND.shares[0] - 0.01) * this.#half,
      -0.75,
      (BAND.shares[1] - BAND.shares[0] + 0.02) * this.#half,
      1.5,
    );
    context.restore();
  }

  #hatch(colour: string, paper: string): CanvasPattern | string {
    const tile = new OffscreenCanvas(8, 8);
    const context = tile.getContext("2d");
    if (!context) return colour;
    context.fillStyle = paper;
    context.fillRect(0, 0, 8, 8);
    context.strokeStyle = colour;
    context.lineWidth = 2.5;
    for (const at of [-8, 0, 8]) {
      context.moveTo(at - 2, 10);
      context.lineTo(at + 10, -2);
    }
    context.stroke();
    return this.#context.createPattern(tile, "repeat") ?? colour;
  }

  /** Shortened to its share, however long the text is. */
  #name(name: string, angle: number, ink: string): void {
    const text = name.length > 10 ? `${name.slice(0, 9)}…` : name;
    const side = Math.cos(angle);
    const align = side > SIDEWAYS ? "right" : side < -SIDEWAYS ? "left" : "center";
    this.#text(text, BAND.names, angle, ink, 11, align);
  }

  /** Along the circle, so that long names have room. */
  #numbers({ slots, ink }: Picture): void {
    const context = this.#context;
    for (const quarter of [0, 1, 2, 3]) {
      context.save();
      // Flipped at the bottom, so that the text is not upside down.
      context.rotate(quarter === 2 ? 0 : quarter * Math.PI / 2);
      const up = quarter === 2 ? Math.PI / 2 : -Math.PI / 2;
      this.#text(String(Math.round(quarter * slots / 4)), BAND.numbers, up, ink, 10);
      context.restore();
    }
  }

  #text(
    text: string,
    distance: number,
    angle: number,
    ink: string,
    size: number,
    align: CanvasTextAlign = "center",
  ): void {
    const context = this.#context;
    const radius = distance * this.#half;
    context.font = `${size}px system-ui, sans-serif`;
    context.fillStyle = ink;
    context.textAlign = align;
    context.textBaseline = "middle";
    context.fillText(text, radius * Math.cos(angle), radius * Math.sin(angle));
  }

  #virtualServers({ virtualServers, owners, slots, ink }: Picture): void {
    const context = this.#context;
    for (const [owner, slot] of virtualServers) {
      context.save();
      context.rotate(angleOf(slot + 0.5, slots));
      const { colour = ink, ready = true } = owners[owner] ?? {};
      const [from, to] = [BAND.outer[0] * this.#half, BAND.outer[1] * this.#half];
      context.fillStyle = context.strokeStyle = colour;
      context.lineWidth = 1.5;
      context.beginPath();
      context.moveTo(from, 0);
      context.lineTo(to, -3.5);
      context.lineTo(to, 3.5);
      context.closePath();
      // An outline marks an owner that is not ready.
      if (ready) context.fill();
      else context.stroke();
      context.restore();
    }
  }

  #moves(moves: NonNullable<Picture["moves"]>): void {
    for (const { from, to, colour } of moves) {
      this.#arc(...BAND.outer, from, to, 1, colour);
      this.#arc(BAND.slots[0], BAND.slots[1], from, to, 1, colour);
    }
  }

  #arc(
    inner: number,
    outer: number,
    from: number,
    to: number,
    slots: number,
    style: string | CanvasPattern,
  ): void {
    const context = this.#context;
    const [begin, end] = [angleOf(from, slots), angleOf(to, slots)];
    context.strokeStyle = style;
    context.lineWidth = (outer - inner) * this.#half;
    context.beginPath();
    // Slightly overlapped, or the background would show between neighbours.
    const seam = to - from < slots ? 0.3 / (outer * this.#half) : 0;
    context.arc(0, 0, (inner + outer) / 2 * this.#half, begin, Math.min(end + seam, begin + WHOLE));
    context.stroke();
  }
}
