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
  getStreamSink,
  getTextFormatter,
  type Logger,
  type LogLevel,
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
  const sink = getStreamSink(unclosable(Deno.stdout.writable), { formatter: formatter(format) });
  await configure({
    sinks: { stdout: sink },
    loggers: [
      { category: "ringkeeper", lowestLevel: level, sinks: ["stdout"] },
      { category: ["logtape", "meta"], lowestLevel: "warning", sinks: ["stdout"] },
    ],
  });
  return getLogger("ringkeeper");
}

function formatter(format: LogFormat): TextFormatter {
  const terminal = Deno.stdout.isTerminal();
  if (format === "json" || (format === "auto" && !terminal)) return getJsonLinesFormatter();
  return terminal ? getAnsiColorFormatter() : getTextFormatter();
}

/** The sink closes its stream when the log ends; standard output must outlive it. */
function unclosable(stream: WritableStream<Uint8Array<ArrayBuffer>>): WritableStream {
  const writer = stream.getWriter();
  return new WritableStream({ write: (chunk) => writer.write(chunk) });
}
