/**
 * other hash functions and layouts, with up to 50 replicas, and what moves when one leaves or
 * joins.
 *
 * @module
 */
import { askCeiling, type Ceiling } from "./a4_ceiling.ts";
import { movementCharts } from "./a4_chart.ts";
import { computeAll, type Computed } from "./a4_computed.ts";
import { type Change, measureChanges } from "./a4_real.ts";
import { movementReport } from "./a4_report.ts";
import type { Part } from "./part.ts";
import type { Room } from "./room.ts";

/** What was found. */
export interface MovementData {
  readonly computed: readonly Computed[];
  readonly changes: readonly Change[];
  readonly ceiling: Ceiling;
}

/** */
export const movement: Part<MovementData> = {
  name: "A-4",
  title: "other layouts and hashes, up to 50 replicas; what moves; the ceiling",
  measure,
  charts: ({ computed, changes }) => movementCharts(computed, changes),
  rows: ({ computed, changes }) => [
    ...computed.map((one) => ({ figures: "computed", change: "", moved: NaN, ...one })),
    ...changes.map(({ way, replicas, change, moved, maxOverMean }) => ({
      figures: "real",
      change,
      moved,
      way,
      replicas,
      maxOverMean,
      leave: NaN,
      join: NaN,
    })),
  ],
  report: movementReport,
};

async function measure(room: Room): Promise<MovementData> {
  const changes = await measureChanges(room);
  return { computed: computeAll(), changes, ceiling: await askCeiling(room) };
}
