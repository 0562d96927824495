/**
 * Draws the ring on two canvases: the ring itself, redrawn when the ring changes, and above it the
 * highlight of the hovered part, which is cheap to draw.
 *
 * From the outside: slot numbers; virtual servers, or the moves of a plan; the slots; each
 * replica's share of them in one piece.
 *
 * @module
 */
import { type Bin, binsOf } from "./ring_bins.ts";
import { angleOf } from "./ring_geometry.ts";
import { hatch } from "./ring_hatch.ts";
import { type Picture, shareArcs } from "./ring_picture.ts";
import { placeLabels } from "./ring_labels.ts";

/** Bands, as fractions of half the picture's size. */
const BAND = {
  numbers: 0.955,
  outer: [0.875, 0.92],
  slots: [0.68, 0.86],
  shares: [0.55, 0.64],
  names: 0.53,
} as const;

/** A replica that is not ready shows only the inner part of its slots. */
const NOT_READY = 0.3;
/** Smaller shares get no name. */
const LEAST_NAMED = 0.03;
/** The boxes of the figures in the centre, in pixels: the large number, and the lines below it. */
const CENTRE = [
  { x: 0, y: -16, width: 62, height: 44 },
  { x: 0, y: 20, width: 104, height: 34 },
] as const;
const NAME_HEIGHT = 12;
const WHOLE = 2 * Math.PI;

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
    const bins = this.#bins(picture);
    if (bins) this.#binned(picture, bins);
    else this.#slots(picture);
    this.#shares(picture);
    this.#names(picture);
    this.#numbers(picture);
    if (picture.moves) this.#moves(picture.moves);
    else this.#virtualServers(picture);
  }

  /** Draws only the slots and the share of one owner. */
  mark(picture: Picture, owner: number): void {
    const { owners, runs, slots } = picture;
    const { colour, ready } = owners[owner] ?? {};
    if (colour === undefined) return;
    const bins = this.#bins(picture);
    const [inner, outer] = this.#slotBand(ready ?? true);
    if (bins) this.#binned(picture, bins, owner);
    else {
      for (const run of runs) {
        if (run.owner === owner) this.#arc(inner, outer, run.from, run.to, slots, colour);
      }
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

  /** The parts of the outer band, if there are too many runs to draw each. */
  #bins({ runs, slots, owners }: Picture): Bin[] | undefined {
    return binsOf(runs, slots, owners.length, WHOLE * BAND.slots[1] * this.#half);
  }

  /** @param only the one owner to draw; undefined for all */
  #binned(
    { slots, owners, moves, ink, paper }: Picture,
    bins: readonly Bin[],
    only?: number,
  ): void {
    const [inner, outer] = BAND.slots;
    if (only === undefined) this.#arc(inner, outer, 0, slots, slots, paper);
    this.#context.globalAlpha = moves ? 0.25 : 1;
    for (const { from, to, pieces } of bins) {
      for (const { owner, low, high } of pieces) {
        if (only !== undefined && owner !== only) continue;
        const { colour, ready } = owners[owner] ?? { colour: ink, ready: false };
        const top = ready ? high : low + NOT_READY * (high - low);
        const [from_, to_] = [inner + low * (outer - inner), inner + top * (outer - inner)];
        this.#arc(from_, to_, from, to, slots, colour);
      }
    }
    this.#context.globalAlpha = 1;
  }

  #slotBand(ready: boolean): readonly [inner: number, outer: number] {
    const [inner, outer] = BAND.slots;
    return ready ? [inner, outer] : [inner, inner + NOT_READY * (outer - inner)];
  }

  #shares({ owners, slots, ink, paper }: Picture): void {
    for (const { owner, from, to } of shareArcs(owners)) {
      const { colour, ready } = owners[owner] ?? { colour: ink, ready: true };
      if (from === to) continue;
      this.#arc(
        ...BAND.shares,
        from,
        to,
        slots,
        ready ? colour : hatch(this.#context, colour, paper),
      );
      this.#gap(from, slots, paper);
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

  /** The names of the shares that have room for one. */
  #names({ owners, slots, ink }: Picture): void {
    const context = this.#context;
    context.font = "11px system-ui, sans-serif";
    const labels = shareArcs(owners).flatMap(({ owner, from, to }) => {
      const share = (to - from) / slots;
      const name = owners[owner]?.name ?? "";
      return share < LEAST_NAMED ? [] : [{ name, share, angle: angleOf((from + to) / 2, slots) }];
    });
    const placed = placeLabels(labels, {
      radius: BAND.names * this.#half,
      centre: CENTRE,
      height: NAME_HEIGHT,
      width: (text) => context.measureText(text).width,
    });
    context.fillStyle = ink;
    context.textAlign = "center";
    context.textBaseline = "middle";
    for (const { text, x, y } of placed) context.fillText(text, x, y);
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
  ): void {
    const context = this.#context;
    const radius = distance * this.#half;
    context.font = `${size}px system-ui, sans-serif`;
    context.fillStyle = ink;
    context.textAlign = "center";
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
