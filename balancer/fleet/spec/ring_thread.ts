/**
 * The thread of {@linkcode RingBuilder}: builds one ring after the other, and compares each with the
 * ring before.
 *
 * @module
 */
/// <reference lib="deno.worker" />
import { Ring } from "../../../ring/mod.ts";
import { movementBetween } from "./movement.ts";
import type { BuiltRing, RingOrder } from "./ring_builder.ts";

self.onmessage = ({ data: { before, options } }: MessageEvent<RingOrder>) => {
  const ring = Ring.build(options);
  const table = new Uint16Array(new SharedArrayBuffer(ring.table.byteLength));
  table.set(ring.table);
  const movement = movementBetween(Ring.restore(before.options, before.table), ring);
  self.postMessage({ table, ...movement } satisfies BuiltRing);
};
