/**
 * A replica log with recorded output, for tests.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";
import { ReplicaLog } from "./replica_log.ts";

/** The recorded output of a replica's log. */
interface Recording {
  readonly log: ReplicaLog;
  /** `stdout text` for each line, in order. */
  readonly lines: string[];
  /** Fields of each line's record, in order. */
  readonly fields: Readonly<Record<string, unknown>>[];
  /** Returns the number of lines that were reported as dropped. */
  readonly dropped: () => number;
}

/** Creates a replica log and its recording. @param name the replica's name */
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
