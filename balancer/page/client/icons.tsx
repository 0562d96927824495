/**
 * Icons of states: each has its own shape, so that none depends on its colour.
 *
 * @module
 */
import type { JSX } from "preact";
import type { Phase } from "../../answers/fleet.ts";

const SHAPES: Readonly<Record<Phase, JSX.Element>> = {
  ready: <path d="M3 8.5l3.2 3.2L13 4.8" />,
  warming: <path d="M8 3.2v4.8l3 2M2.5 8a5.500 5.500 0 1 0 11 0a5.500 5.500 0 1 0-11 0" />,
  starting: <path d="M8 12.500V4M4.500 7.500L8 4l3.500 3.500" />,
  waiting: <path d="M3.500 8h.01M8 8h.01M12.500 8h.01" stroke-width="2.6" />,
  down: <path d="M4 4l8 8M12 4l-8 8" />,
  leaving: <path d="M8 3.500V12M4.500 8.500L8 12l3.500-3.500" />,
};

/** The icon of a state. */
export function StateIcon({ state }: { readonly state: Phase }): JSX.Element {
  return (
    <svg
      class="icon"
      viewBox="0 0 16 16"
      width="14"
      height="14"
      fill="none"
      stroke="currentColor"
      stroke-width="2"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      {SHAPES[state]}
    </svg>
  );
}
