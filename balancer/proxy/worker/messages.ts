/**
 * What the main thread and the workers of the data plane tell each other.
 *
 * @module
 */
import type { CompleteRingOptions } from "../../../ring/mod.ts";
import type { DrainDeadlines, Evidence, FailureCost, Sample, Upstream } from "../../view.ts";
import type { StreamFrame } from "../transport/channel_stream.ts";
import type { SharedCounts } from "../downstream/connection_limits.ts";
import type { SharedFiles } from "../transport/descriptor_budget.ts";
import type { LoadMap } from "../upstream/load_cells.ts";
import type { WorkerSheets } from "./worker_parts.ts";
import type { ProxySettings } from "../settings.ts";
import type { ReplicaSheets } from "../stats/counter_table.ts";

/** A view as plain data; the worker builds the same ring. */
export interface PlainView {
  readonly version: number;
  readonly ring: CompleteRingOptions;
  readonly ready: readonly Upstream[];
  readonly awaited: readonly string[];
  readonly quarantined: readonly string[];
  /** Where the load of each instance is counted. */
  readonly loads: LoadMap;
}

/** To a worker. */
export type ToWorker =
  | {
    readonly type: "open";
    readonly settings: ProxySettings;
    readonly counts: SharedCounts;
    readonly files: SharedFiles;
    readonly sheets: WorkerSheets;
  }
  | {
    readonly type: "view";
    readonly view: PlainView;
    /** Where replicas are counted that the worker has not been told of. */
    readonly tallies: ReplicaSheets;
  }
  | {
    readonly type: "idle";
    readonly question: number;
    readonly instance: string;
    readonly deadlines: DrainDeadlines;
  }
  /** The access log tells of that part of the requests, from 0 to 1. */
  | { readonly type: "access"; readonly part: number }
  /** The lines that it sent last are written, or cannot be. */
  | { readonly type: "logged"; readonly written: boolean }
  | { readonly type: "stream"; readonly id: number; readonly frame: StreamFrame }
  | { readonly type: "end"; readonly deadlines: DrainDeadlines };

/** From a worker. */
export type FromWorker =
  | { readonly type: "listening"; readonly port: number }
  | { readonly type: "evidence"; readonly evidence: Evidence }
  | { readonly type: "tolls"; readonly tolls: readonly FailureCost[] }
  | { readonly type: "samples"; readonly samples: readonly Sample[] }
  /** It routes by this view from now on. */
  | { readonly type: "published"; readonly version: number }
  /** Lines of the access log, and how many were lost since the last ones. */
  | {
    readonly type: "lines";
    readonly lines: Uint8Array<ArrayBuffer>;
    readonly lost: number;
  }
  | { readonly type: "failure"; readonly action: string; readonly message: string }
  /** A part of a call of the control API; the worker opens streams and gives them their ids. */
  | { readonly type: "stream"; readonly id: number; readonly frame: StreamFrame }
  | { readonly type: "idle"; readonly question: number; readonly idle: boolean }
  | { readonly type: "ended" };
