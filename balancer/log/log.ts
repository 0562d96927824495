/**
 * What the balancer says: text for a terminal, JSON lines for everything else, as much of it as is
 * wanted right now.
 *
 * @module
 */
import {
  compareLogLevel,
  configure,
  getLogger,
  type Logger,
  type LogLevel,
  type Sink,
} from "@logtape/logtape";
import type { Level } from "./dials.ts";
import { Output, WAITING_BYTES, WAITING_REPLICA_BYTES, type Writable } from "./output.ts";
import { formatter, type LogStyle } from "./style.ts";

/** How long the end of the program waits for a reader, in milliseconds. */
const FLUSH_MS = 2000;

/** The log of the program. */
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
    this.#output = new Output(to, (lines) => this.#tellLost(lines));
  }

  /**
   * Opens the log, to which the records of the whole program go.
   *
   * @param level the least severe level to write
   * @param style how to write a record
   * @param to where to write it
   */
  static async open(level: Level, style: LogStyle, to: Writable = Deno.stdout): Promise<Log> {
    const log = new Log(level, style, to);
    await configure({
      sinks: {
        output: log.#sink(WAITING_BYTES),
        replicas: log.#sink(WAITING_REPLICA_BYTES),
      },
      filters: { wanted: (record) => log.#wants(record.level), always: () => true },
      loggers: [
        {
          category: "ringkeeper",
          lowestLevel: "trace",
          filters: ["wanted"],
          sinks: ["output"],
        },
        // What is changed is written whatever else is wanted.
        {
          category: ["ringkeeper", "audit"],
          lowestLevel: "info",
          filters: ["always"],
          sinks: ["output"],
          parentSinks: "override",
        },
        // What replicas write is theirs: no level of the balancer's own records applies to it.
        {
          category: ["ringkeeper", "replica"],
          lowestLevel: "info",
          filters: ["always"],
          sinks: ["replicas"],
          parentSinks: "override",
        },
        { category: ["logtape", "meta"], lowestLevel: "warning", sinks: ["output"] },
      ],
    });
    return log;
  }

  /** Lines of the program itself that were lost, because nobody read them. */
  get lost(): number {
    return this.#output.lost;
  }

  /**
   * Writes lines that were put together elsewhere.
   *
   * @param lines whole lines
   * @param lost how many were lost on the way here
   * @returns whether they could be written, as soon as that is known
   */
  pass(lines: Uint8Array, lost: number): Promise<boolean> {
    this.#output.miss(lost);
    return this.#output.pass(lines);
  }

  /** Waits until everything is written, two seconds at most. */
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

  #tellLost(lines: number): void {
    this.logger.warn("{lines} lines of the log were lost: nobody read them in time", { lines });
  }
}
