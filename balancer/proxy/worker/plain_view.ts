/**
 * Views as they are sent to the workers.
 *
 * @module
 */
import type { Ring } from "../../../ring/mod.ts";
import type { View } from "../../view.ts";
import type { LoadMap } from "../upstream/load_cells.ts";
import type { PlainView } from "./messages.ts";

/** The tables of rings that are in use. */
const SHARED_TABLES = new WeakMap<Ring, Uint16Array>();

/**
 * The ring's table in shared memory: building the ring again, of a thousand members on 65,536 slots,
 * would stop a worker for 0.4 s.
 */
function sharedTable(ring: Ring): Uint16Array {
  const known = SHARED_TABLES.get(ring);
  if (known) return known;
  const memory = new SharedArrayBuffer(ring.table.byteLength);
  const table = new Uint16Array(memory);
  table.set(ring.table);
  SHARED_TABLES.set(ring, table);
  return table;
}

/**
 * Returns a view as plain data.
 *
 * @param view the view
 * @param loads shared memory in which each instance's load is counted
 */
export function plainView(
  { version, ring, ready, awaited, quarantined }: View,
  loads: LoadMap,
): PlainView {
  return {
    version,
    ring: ring.options,
    table: sharedTable(ring),
    ready: [...ready.values()],
    awaited: [...awaited],
    quarantined: [...quarantined],
    loads,
  };
}
