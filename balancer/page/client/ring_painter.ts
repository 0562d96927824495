/**
 * Draws the ring on two canvases: the ring itself, redrawn when the ring changes, and above it the
 * highlight of the marked replica, which is cheap to draw.
 *
 * From the outside: slot numbers; virtual servers, or the moves of a plan; the slots; each
 * replica's share of them in one piece. With more slots than can be told apart the shares have the
 * wide band, and the slots of the marked replica a narrow one.
 *
 * @module
 */
import { type Band, type Bands, bandsOf } from "./ring_bands.ts";
import { RingBrush } from "./ring_brush.ts";
import { angleOf, type Run } from "./ring_geometry.ts";
import { hatch } from "./ring_hatch.ts";
import { type Label, placeLabels, placeSpokes } from "./ring_labels.ts";
import { type Picture, shareArcs } from "./ring_picture.ts";

/** A replica that is not ready shows only the inner part of its slots. */
const NOT_READY = 0.3;
/** The boxes of the figures in the centre, in pixels: the large number, and the lines below it. */
const CENTRE = [
  { x: 0, y: -16, width: 62, height: 44 },
  { x: 0, y: 20, width: 104, height: 34 },
] as const;
/** Radius that the figures in the centre do not exceed, in pixels. */
const CENTRE_RADIUS = 56;
/** With more owners than these, names are written as spokes. */
const LEVEL_NAMES = 8;
const NAME_HEIGHT = 12;
const NAME_FONT = "11px system-ui, sans-serif";
const SPOKE_FONT = "10px system-ui, sans-serif";
/** Parts that a plan does not change are dimmed. */
const DIMMED = 0.25;

/** Draws one picture on one canvas. */
export class RingPainter {
  readonly #brush: RingBrush;
  readonly #picture: Picture;
  readonly #bands: Bands;

  /**
   * @param canvas the canvas; it is cleared
   * @param size width and height in CSS pixels
   * @param picture what to draw
   */
  constructor(canvas: HTMLCanvasElement, size: number, picture: Picture) {
    this.#brush = new RingBrush(canvas, size);
    this.#picture = picture;
    this.#bands = bandsOf(picture.runs.length, size);
  }

  /** Draws the ring. */
  draw(): void {
    this.#slots();
    this.#shares();
    this.#names();
    this.#numbers();
    if (this.#picture.moves) this.#moves(this.#picture.moves);
    else if (!this.#bands.coarse) this.#virtualServers();
  }

  /** Draws only the slots and the share of one owner. */
  mark(owner: number): void {
    const { owners, slots } = this.#picture;
    const { colour, ready } = owners[owner] ?? {};
    if (colour === undefined) return;
    this.#brush.arcs(this.#slotBand(ready ?? true), this.#runsOf(owner), slots, colour);
    const share = shareArcs(owners)[owner];
    if (share) this.#brush.arc(this.#bands.shares, share, slots, colour);
  }

  /** Draws a pointer from the shares to a slot. */
  point(slot: number): void {
    const { slots, ink } = this.#picture;
    const { half } = this.#brush;
    const [from, to] = [this.#bands.shares[1] * half, this.#bands.outer[1] * half];
    this.#brush.towards(slot + 0.5, slots, (context) => {
      context.fillStyle = context.strokeStyle = ink;
      context.lineWidth = 2;
      context.beginPath();
      context.moveTo(from, 0);
      context.lineTo(to, 0);
      context.stroke();
      context.beginPath();
      context.moveTo(to - 8, 0);
      context.lineTo(to + 4, -6);
      context.lineTo(to + 4, 6);
      context.fill();
    });
  }

  *#runsOf(owner: number): Generator<Run> {
    for (const run of this.#picture.runs) if (run.owner === owner) yield run;
  }

  #slots(): void {
    const { slots, owners, runs, moves, ink, paper } = this.#picture;
    this.#brush.arc(this.#bands.slots, { from: 0, to: slots }, slots, paper);
    if (this.#bands.coarse) return;
    this.#brush.context.globalAlpha = moves ? DIMMED : 1;
    for (const run of runs) {
      const { colour, ready } = owners[run.owner] ?? { colour: ink, ready: false };
      this.#brush.arc(this.#slotBand(ready), run, slots, colour);
    }
    this.#brush.context.globalAlpha = 1;
  }

  #slotBand(ready: boolean): Band {
    const [inner, outer] = this.#bands.slots;
    return ready ? [inner, outer] : [inner, inner + NOT_READY * (outer - inner)];
  }

  #shares(): void {
    const { owners, slots, ink, paper } = this.#picture;
    const arcs = shareArcs(owners).filter(({ from, to }) => to > from);
    for (const arc of arcs) {
      const { colour, ready } = owners[arc.owner] ?? { colour: ink, ready: true };
      const style = ready ? colour : hatch(this.#brush.context, colour, paper);
      this.#brush.arc(this.#bands.shares, arc, slots, style);
    }
    for (const { from } of arcs) this.#gap(from, slots, paper);
  }

  /** The gap between shares. */
  #gap(slot: number, slots: number, paper: string): void {
    const [inner, outer] = this.#bands.shares;
    const { half } = this.#brush;
    this.#brush.towards(slot, slots, (context) => {
      context.fillStyle = paper;
      context.fillRect((inner - 0.01) * half, -0.5, (outer - inner + 0.02) * half, 1);
    });
  }

  /** The names of the shares that have room for one. */
  #names(): void {
    const { owners, slots } = this.#picture;
    const labels = shareArcs(owners).flatMap(({ owner, from, to }): Label[] => {
      const name = owners[owner]?.name ?? "";
      const share = (to - from) / slots;
      return share === 0 ? [] : [{ name, share, angle: angleOf((from + to) / 2, slots) }];
    });
    if (labels.length > LEVEL_NAMES) this.#spokes(labels);
    else this.#levelNames(labels);
  }

  #levelNames(labels: readonly Label[]): void {
    const { context, half } = this.#brush;
    context.font = NAME_FONT;
    const placed = placeLabels(labels, {
      radius: this.#bands.names * half,
      centre: CENTRE,
      height: NAME_HEIGHT,
      width: (text) => context.measureText(text).width,
    });
    for (const { text, x, y } of placed) this.#brush.write(text, x, y, this.#picture.ink);
  }

  #spokes(labels: readonly Label[]): void {
    const { context, half } = this.#brush;
    context.font = SPOKE_FONT;
    const radius = this.#bands.names * half;
    const placed = placeSpokes(labels, {
      radius,
      inner: CENTRE_RADIUS,
      height: NAME_HEIGHT,
      width: (text) => context.measureText(text).width,
    });
    for (const { text, angle } of placed) {
      this.#brush.inwards({ text, angle, radius, ink: this.#picture.ink });
    }
  }

  /** Along the circle, so that long numbers have room. */
  #numbers(): void {
    const { slots, ink } = this.#picture;
    this.#brush.context.font = SPOKE_FONT;
    const radius = this.#bands.numbers * this.#brush.half;
    for (const quarter of [0, 1, 2, 3]) {
      const text = String(Math.round(quarter * slots / 4));
      this.#brush.along({ text, radius, angle: (quarter - 1) * Math.PI / 2, ink });
    }
  }

  #virtualServers(): void {
    const { virtualServers, owners, slots, ink } = this.#picture;
    const [from, to] = this.#bands.outer.map((part) => part * this.#brush.half) as [number, number];
    for (const [owner, slot] of virtualServers) {
      const { colour = ink, ready = true } = owners[owner] ?? {};
      this.#brush.towards(slot + 0.5, slots, (context) => {
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
      });
    }
  }

  #moves(moves: NonNullable<Picture["moves"]>): void {
    const { outer, slots } = this.#bands;
    for (const [colour, own] of Map.groupBy(moves, ({ colour }) => colour)) {
      this.#brush.arcs(outer, own, 1, colour);
      if (!this.#bands.coarse) this.#brush.arcs(slots, own, 1, colour);
    }
  }
}
