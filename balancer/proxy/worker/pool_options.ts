/**
 * Options of the pool of workers.
 *
 * @module
 */
import type { FailureLog } from "../../failures.ts";
import type { Evidence, FailureCost, Sample } from "../../view.ts";
import type { ProxySettings } from "../settings.ts";
import type { ByteStream } from "../transport/byte_stream.ts";
import type { Credentials } from "../transport/certificate_table.ts";
import type { SharedFiles } from "../transport/descriptor_budget.ts";

/** Options of the pool. */
export interface DataPlaneOptions {
  readonly settings: ProxySettings;
  /** Receives each failure that is evidence about an instance. */
  readonly report: (evidence: Evidence) => void;
  /** Receives each worker's failure costs since its previous report. */
  readonly onCosts?: (costs: readonly FailureCost[]) => void;
  /** Receives, once a second from each worker, samples of how instances answered. */
  readonly onSamples?: (samples: readonly Sample[]) => void;
  /**
   * Called once for a version, when all workers route by that view or a later one. Skipped versions
   * are not reported.
   */
  readonly onApplied?: (version: number) => void;
  /**
   * Takes lines of the access log, and the number of lines lost before them.
   *
   * @returns whether the lines could be written; resolves as soon as that is known
   */
  readonly log?: (lines: Uint8Array, lost: number) => Promise<boolean>;
  readonly failures: FailureLog;
  /** File counts shared by all threads; without them the number of open files has no limit here. */
  readonly files?: SharedFiles;
  /** Serves a control API call that a worker hands over. */
  readonly onCall?: (stream: ByteStream) => void;
  /**
   * Time for a worker to start listening, in milliseconds; two minutes unless a test sets
   * less.
   */
  readonly listenMs?: number;
  /** Certificates of the port that speaks TLS, the default first. */
  readonly credentials?: Credentials;
  /** Module that a worker runs; `main.ts` unless a test sets its own. */
  readonly module?: string;
}
