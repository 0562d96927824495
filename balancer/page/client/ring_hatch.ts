/**
 * The pattern of a replica that is not ready.
 *
 * @module
 */

/**
 * Hatches in a colour.
 *
 * @param target the context that is to draw with the pattern
 * @param colour the colour of the lines
 * @param paper the colour between them
 */
export function hatch(
  target: CanvasRenderingContext2D,
  colour: string,
  paper: string,
): CanvasPattern | string {
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
  return target.createPattern(tile, "repeat") ?? colour;
}
