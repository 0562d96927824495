/**
 * Terminal colours.
 *
 * @module
 */
import picocolors from "picocolors";

/** Colours text. */
export type Paint = ReturnType<typeof picocolors.createColors>;

/** For pipes and files. */
export const NO_PAINT: Paint = picocolors.createColors(false);

/** For terminals. */
export const COLOURS: Paint = picocolors.createColors(true);

/** For standard output: a terminal, and `NO_COLOR` (https://no-color.org) is not set. */
export function paintOfOutput(): Paint {
  return Deno.stdout.isTerminal() && !Deno.noColor ? COLOURS : NO_PAINT;
}

/** A replica's state: green is ready, red cannot serve, yellow is in transition. */
export function paintState(state: string, paint: Paint): string {
  if (state === "ready") return paint.green(state);
  return state === "down" || state === "waiting" ? paint.red(state) : paint.yellow(state);
}
