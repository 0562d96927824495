/**
 * The balancer's log: text on a terminal, JSON lines elsewhere, at a level that can be changed at
 * runtime.
 *
 * @module
 */
import {
  compareLogLevel,
  configure,
  getLogger,
  type Logger,
  type LoggerConfig,
  type LogLevel,
  type Sink,
} from "@logtape/logtape";
import type { Level } from "./log_controls.ts";
import { Output, WAITING_BYTES, WAITING_REPLICA_BYTES, type Writable } from "./output.ts";
import { formatter, type LogStyle } from "./style.ts";

/** Milliseconds that the end of the program waits for a slow reader. */
const FLUSH_MS = 2000;

/** Sinks and filters of each category of records, by the names that {@linkcode Log.open} gives. */
const LOGGERS: LoggerConfig<"output" | "replicas", "wanted" | "always">[] = [
  { category: "ringkeeper", lowestLevel: "trace", filters: ["wanted"], sinks: ["output"] },
  // The audit log is written at every level.
  {
    category: ["ringkeeper", "audit"],
    lowestLevel: "info",
    filters: ["always"],
    sinks: ["output"],
    parentSinks: "override",
  },
  // Replicas' output is written at every level: the level applies to the balancer's own records.
  {
    category: ["ringkeeper", "replica"],
    lowestLevel: "info",
    filters: ["always"],
    sinks: ["replicas"],
    parentSinks: "override",
  },
  { category: ["logtape", "meta"], lowestLevel: "warning", sinks: ["output"] },
];

/** The program's log. */
export class Log {
  /** The program's root logger. */
  readonly logger: Logger = getLogger("ringkeeper");
  readonly style: LogStyle;
  /** The least severe level that is written, from the next record on. */
  level: Level;
  readonly #output: Output;

  private constructor(level: Level, style: LogStyle, to: Writable) {
    this.level = level;
    this.style = style;
    this.#output = new Output(to, (lines) => this.#reportLost(lines));
  }

  /**
   * Opens the log that receives all records of the program.
   *
   * @param level the least severe level to write
   * @param style how to write a record
   * @param to the output
   */
  static async open(level: Level, style: LogStyle, to: Writable = Deno.stdout): Promise<Log> {
    const log = new Log(level, style, to);
    await configure({
      sinks: {
        output: log.#sink(WAITING_BYTES),
        replicas: log.#sink(WAITING_REPLICA_BYTES),
      },
      filters: { wanted: (record) => log.#wants(record.level), always: () => true },
      loggers: LOGGERS,
    });
    return log;
  }

  /** The balancer's own log lines that were lost to a slow reader. */
  get lost(): number {
    return this.#output.lost;
  }

  /**
   * Writes lines that were formatted elsewhere.
   *
   * @param lines whole lines
   * @param lost lines that were lost before they got here
   * @returns resolves to whether the lines were written
   */
  pass(lines: Uint8Array, lost: number): Promise<boolean> {
    this.#output.miss(lost);
    return this.#output.pass(lines);
  }

  /** Waits until everything is written, at most two seconds. */
  flush(): Promise<void> {
    return this.#output.flush(FLUSH_MS);
  }

  #wants(level: LogLevel): boolean {
    return compareLogLevel(level, this.level) >= 0;
  }

  #sink(waitingBytes: number): Sink {
    const encoder = new TextEncoder();
    const format = formatter(this.style);
    return (record) => this.#output.write(encoder.encode(format(record)), waitingBytes);
  }

  #reportLost(lines: number): void {
    this.logger.warn("{lines} lines of the log were lost: their reader was too slow", { lines });
  }
}
