/**
 * How a line of the log is written.
 *
 * @module
 */
import {
  getAnsiColorFormatter,
  getJsonLinesFormatter,
  getTextFormatter,
  type TextFormatter,
} from "@logtape/logtape";

/** What the settings ask for: `auto` is text on a terminal and JSON lines elsewhere. */
export type LogFormat = "auto" | "json" | "text";

/** What becomes of that where the balancer runs. */
export type LogStyle = "json" | "text" | "colours";

/**
 * The style that lines are written in.
 *
 * @param format what the settings ask for
 * @param terminal whether somebody reads them at a terminal
 */
export function styleOf(format: LogFormat, terminal: boolean): LogStyle {
  if (format === "json" || (format === "auto" && !terminal)) return "json";
  return terminal ? "colours" : "text";
}

/**
 * Writes records in a style, a line for each.
 *
 * @param style the style
 */
export function formatter(style: LogStyle): TextFormatter {
  switch (style) {
    case "json":
      return getJsonLinesFormatter({ message: "template" });
    case "text":
      return getTextFormatter({ value: "bare" });
    case "colours":
      return getAnsiColorFormatter({ value: "bare" });
  }
}
