/**
 * Tables of rings in shared memory.
 *
 * @module
 */
import type { Ring } from "../../../ring/mod.ts";

/** The tables of rings that are in use. */
const SHARED_TABLES = new WeakMap<Ring, Uint16Array>();

/**
 * The ring's table in shared memory: building the ring again, of a thousand members on 65,536 slots,
 * would stop a worker for 0.4 s.
 */
export function sharedTable(ring: Ring): Uint16Array {
  const known = SHARED_TABLES.get(ring);
  if (known) return known;
  const memory = new SharedArrayBuffer(ring.table.byteLength);
  const table = new Uint16Array(memory);
  table.set(ring.table);
  SHARED_TABLES.set(ring, table);
  return table;
}
