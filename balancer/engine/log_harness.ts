/**
 * A log of a replica whose records a test can look at.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";
import { ReplicaLog } from "./replica_log.ts";

/** What a replica's log was given. */
interface Recording {
  readonly log: ReplicaLog;
  /** `stdout text` for each line, in order. */
  readonly lines: string[];
  /** The fields of the record of each line, in order. */
  readonly fields: Readonly<Record<string, unknown>>[];
  /** How many lines were told as dropped. */
  readonly dropped: () => number;
}

/** @param name the replica's */
export function recordingReplicaLog(name: string): Recording {
  const lines: string[] = [];
  const fields: Record<string, unknown>[] = [];
  let dropped = 0;
  const records = {
    getChild: () => records,
    info: (_: string, values: Record<string, unknown>) => {
      lines.push(`${values["stream"]} ${values["text"]}`);
      fields.push(values);
    },
    warn: (_: string, values: Record<string, unknown>) => dropped += Number(values["lines"]),
  };
  const logger = records as unknown as Logger;
  return { log: new ReplicaLog(name, logger), lines, fields, dropped: () => dropped };
}
