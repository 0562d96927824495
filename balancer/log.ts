/**
 * Where log records go: text for a terminal, JSON lines for everything else.
 *
 * @module
 */
import {
  configure,
  getAnsiColorFormatter,
  getJsonLinesFormatter,
  getLogger,
  getTextFormatter,
  type Logger,
  type LogLevel,
  type Sink,
  type TextFormatter,
} from "@logtape/logtape";

/** How a log record is written. `auto` is text on a terminal and JSON lines elsewhere. */
export type LogFormat = "auto" | "json" | "text";

/**
 * Sends the records of the whole program to standard output.
 *
 * @param level the least severe level to write
 * @param format how to write a record
 * @returns the program's root logger
 */
export async function openLog(level: LogLevel, format: LogFormat): Promise<Logger> {
  await configure({
    sinks: { stdout: standardOutput(formatter(format)) },
    loggers: [
      { category: "ringkeeper", lowestLevel: level, sinks: ["stdout"] },
      // What is changed is written whatever else is wanted.
      {
        category: ["ringkeeper", "audit"],
        lowestLevel: "info",
        sinks: ["stdout"],
        parentSinks: "override",
      },
      { category: ["logtape", "meta"], lowestLevel: "warning", sinks: ["stdout"] },
    ],
  });
  return getLogger("ringkeeper");
}

function formatter(format: LogFormat): TextFormatter {
  const terminal = Deno.stdout.isTerminal();
  if (format === "json" || (format === "auto" && !terminal)) {
    return getJsonLinesFormatter({ message: "template" });
  }
  return terminal ? getAnsiColorFormatter({ value: "bare" }) : getTextFormatter({ value: "bare" });
}

/** Written at once: what is said last before the program ends matters most. */
function standardOutput(format: TextFormatter): Sink {
  const encoder = new TextEncoder();
  return (record) => {
    const bytes = encoder.encode(format(record));
    for (let done = 0; done < bytes.length;) done += Deno.stdout.writeSync(bytes.subarray(done));
  };
}
