/**
 * The thread of {@linkcode RingBuilder}: builds one ring.
 *
 * @module
 */
/// <reference lib="deno.worker" />
import { Ring, type RingOptions } from "../../../ring/mod.ts";
import type { BuiltRing } from "./ring_builder.ts";

self.onmessage = ({ data }: MessageEvent<RingOptions>) => {
  const { table } = Ring.build(data);
  const shared = new Uint16Array(new SharedArrayBuffer(table.byteLength));
  shared.set(table);
  self.postMessage({ table: shared } satisfies BuiltRing);
};
