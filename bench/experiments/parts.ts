/**
 * All experiments, in the order of the report.
 *
 * @module
 */
import { distribution } from "./a1.ts";
import { growth } from "./a2.ts";
import { failure } from "./a3.ts";
import { movement } from "./a4.ts";
import { boundedLoad } from "./b1.ts";
import { weights } from "./b2.ts";
import type { Part } from "./part.ts";
import { stress } from "./stress.ts";

/** are the seed document's. */
export const PARTS: readonly Part[] = [
  distribution,
  growth,
  failure,
  movement,
  stress,
  boundedLoad,
  weights,
];
