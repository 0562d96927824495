/**
 * Messages between the main thread and the data plane's workers.
 *
 * @module
 */
import type { CompleteRingOptions } from "../../../ring/mod.ts";
import type {
  DrainDeadlines,
  Evidence,
  FailureCost,
  Sample,
  Suspension,
  Upstream,
  View,
} from "../../view.ts";
import type { StreamFrame } from "../transport/channel_stream.ts";
import type { SharedCounts } from "../downstream/connection_limits.ts";
import type { SharedFiles } from "../transport/descriptor_budget.ts";
import type { Credentials } from "../transport/certificate_table.ts";
import type { LoadMap } from "../upstream/load_cells.ts";
import type { WorkerSheets } from "./worker_parts.ts";
import type { ChallengeAnswers, ProxySettings } from "../settings.ts";
import { sharedTable } from "./shared_table.ts";
import type { ReplicaSheets } from "../stats/counter_table.ts";

/** A view as plain data. */
export interface PlainView {
  readonly version: number;
  readonly epoch: number;
  readonly ring: CompleteRingOptions;
  /** The table of the ring, in memory that all threads share. */
  readonly table: Uint16Array;
  readonly ready: readonly Upstream[];
  readonly awaited: readonly string[];
  readonly quarantined: readonly string[];
  /** Shared memory in which each instance's load is counted. */
  readonly loads: LoadMap;
}

/**
 * Returns a view as plain data.
 *
 * @param view the view
 * @param loads shared memory in which each instance's load is counted
 */
export function plainView(
  { version, epoch, ring, ready, awaited, quarantined }: View,
  loads: LoadMap,
): PlainView {
  return {
    version,
    epoch,
    ring: ring.options,
    table: sharedTable(ring),
    ready: [...ready.values()],
    awaited: [...awaited],
    quarantined: [...quarantined],
    loads,
  };
}

/** Messages to a worker. */
export type ToWorker =
  | {
    readonly type: "open";
    readonly settings: ProxySettings;
    readonly counts: SharedCounts;
    readonly files: SharedFiles;
    readonly sheets: WorkerSheets;
    /** Certificates of the port that speaks TLS. */
    readonly credentials: Credentials;
  }
  /** Other certificates from now on. */
  | { readonly type: "certificates"; readonly credentials: Credentials }
  | {
    readonly type: "view";
    readonly view: PlainView;
    /** Counter memory of the replicas that are new to the worker. */
    readonly counters: ReplicaSheets;
  }
  | {
    readonly type: "idle";
    readonly question: number;
    readonly instance: string;
    readonly deadlines: DrainDeadlines;
  }
  /** Begins, changes or ends a maintenance; the worker confirms it. */
  | {
    readonly type: "maintain";
    readonly question: number;
    readonly state: Suspension | undefined;
  }
  /** Answers these challenges of certificate authorities; the worker confirms it. */
  | { readonly type: "challenge"; readonly question: number; readonly answers: ChallengeAnswers }
  /** Changes the sampled fraction of the access log, from 0 to 1. */
  | { readonly type: "access"; readonly part: number }
  /** Changes the settings, all of them in one step. */
  | { readonly type: "settings"; readonly settings: ProxySettings; readonly question: number }
  /** Acknowledges the last batch of log lines: written, or not writable. */
  | { readonly type: "logged"; readonly written: boolean }
  | { readonly type: "stream"; readonly id: number; readonly frame: StreamFrame }
  | { readonly type: "end"; readonly deadlines: DrainDeadlines };

/** Messages from a worker. */
export type FromWorker =
  | { readonly type: "listening"; readonly port: number }
  | { readonly type: "evidence"; readonly evidence: Evidence }
  | { readonly type: "costs"; readonly costs: readonly FailureCost[] }
  | { readonly type: "samples"; readonly samples: readonly Sample[] }
  /** The worker routes by this view from now on. */
  | { readonly type: "published"; readonly version: number }
  /** The worker answers these challenges. */
  | { readonly type: "challenged"; readonly question: number }
  /** The worker has taken these settings. */
  | { readonly type: "reconfigured"; readonly question: number }
  /** Lines of the access log, and the number of lines lost since the previous message. */
  | {
    readonly type: "lines";
    readonly lines: Uint8Array<ArrayBuffer>;
    readonly lost: number;
  }
  | { readonly type: "failure"; readonly action: string; readonly message: string }
  /** A frame of a control API call; the worker opens streams and assigns their ids. */
  | { readonly type: "stream"; readonly id: number; readonly frame: StreamFrame }
  | { readonly type: "idle"; readonly question: number; readonly idle: boolean }
  /** The worker answers by the new state of the maintenance. */
  | { readonly type: "maintained"; readonly question: number }
  | { readonly type: "ended" };
