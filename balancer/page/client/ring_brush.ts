/**
 * Draws arcs and texts around the centre of a canvas.
 *
 * @module
 */
import type { Band } from "./ring_bands.ts";
import { angleOf } from "./ring_geometry.ts";

const WHOLE = 2 * Math.PI;

/** A part of the circle, in slots. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** A text on a circle. */
export interface RoundText {
  readonly text: string;
  readonly radius: number;
  /** Radians in the canvas's convention. */
  readonly angle: number;
  readonly ink: string;
}

/** A canvas whose coordinates are CSS pixels from its centre. */
export class RingBrush {
  readonly context: CanvasRenderingContext2D;
  /** Half the size in CSS pixels. */
  readonly half: number;

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
    this.context = context;
    this.half = size / 2;
  }

  /** Draws parts of a band in one stroke: there may be thousands of them. */
  arcs(
    [inner, outer]: Band,
    spans: Iterable<Span>,
    slots: number,
    style: string | CanvasPattern,
  ): void {
    const { context, half } = this;
    const radius = (inner + outer) / 2 * half;
    // Slightly overlapped, or the background would show between neighbours.
    const seam = 0.3 / (outer * half);
    context.strokeStyle = style;
    context.lineWidth = (outer - inner) * half;
    context.beginPath();
    for (const { from, to } of spans) {
      const begin = angleOf(from, slots);
      const end = Math.min(angleOf(to, slots) + (to - from < slots ? seam : 0), begin + WHOLE);
      context.moveTo(radius * Math.cos(begin), radius * Math.sin(begin));
      context.arc(0, 0, radius, begin, end);
    }
    context.stroke();
  }

  /** Draws a part of a band. */
  arc(band: Band, span: Span, slots: number, style: string | CanvasPattern): void {
    this.arcs(band, [span], slots, style);
  }

  /** Draws in coordinates whose x axis points to a slot. */
  towards(slot: number, slots: number, draw: (context: CanvasRenderingContext2D) => void): void {
    const { context } = this;
    context.save();
    context.rotate(angleOf(slot, slots));
    draw(context);
    context.restore();
  }

  /** Writes along the circle, never upside down. */
  along({ text, radius, angle, ink }: RoundText): void {
    const { context } = this;
    const low = Math.sin(angle) > 0.5;
    context.save();
    context.rotate(angle + (low ? -Math.PI / 2 : Math.PI / 2));
    this.write(text, 0, low ? radius : -radius, ink);
    context.restore();
  }

  /** Writes from the radius inwards, never upside down. */
  inwards({ text, radius, angle, ink }: RoundText): void {
    const { context } = this;
    const left = Math.cos(angle) < 0;
    context.save();
    context.rotate(left ? angle + Math.PI : angle);
    context.textAlign = left ? "left" : "right";
    context.textBaseline = "middle";
    context.fillStyle = ink;
    context.fillText(text, left ? -radius : radius, 0);
    context.restore();
  }

  /** Writes a text with its middle at a point. */
  write(text: string, x: number, y: number, ink: string): void {
    const { context } = this;
    context.fillStyle = ink;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(text, x, y);
  }
}
