/**
 * How a line of the log is written.
 *
 * @module
 */
import {
  getAnsiColorFormatter,
  getJsonLinesFormatter,
  getTextFormatter,
  type LogRecord,
  type TextFormatter,
} from "@logtape/logtape";
import { attributesOf } from "./attributes.ts";

/** What the settings ask for: `auto` is text on a terminal and JSON lines elsewhere. */
type LogFormat = "auto" | "json" | "text";

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

/** How lines of the access log are written. */
export type AccessStyle = LogStyle | "combined";

/**
 * The style that lines of the access log are written in.
 *
 * @param format what the settings ask for; `auto`: as everything else
 * @param style of everything else
 * @param terminal whether somebody reads them at a terminal
 */
export function accessStyleOf(
  format: LogFormat | "combined",
  style: LogStyle,
  terminal: boolean,
): AccessStyle {
  if (format === "combined") return format;
  return format === "auto" ? style : styleOf(format, terminal);
}

/**
 * Writes records in a style, a line for each.
 *
 * @param style the style
 */
export function formatter(style: LogStyle): TextFormatter {
  switch (style) {
    case "json":
      return oneLine(flat(getJsonLinesFormatter({ message: "rendered", properties: "flatten" })));
    case "text":
      return oneLine(getTextFormatter({ value: "bare" }));
    case "colours":
      return withPlainValues(getAnsiColorFormatter({ value: "bare" }));
  }
}

/** Control characters that JSON leaves as they are: DEL, C1, and Unicode's own line ends. */
const LATE_CONTROLS = /[\u007f-\u009f\u2028\u2029]/g;

/** Control characters: C0 with line ends and escape, DEL, C1, and Unicode's own line ends. */
// deno-lint-ignore no-control-regex -- these are the characters to escape
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

/**
 * Text without control characters. Values come from clients and replicas, which must not forge
 * lines or send escape sequences to the operator's terminal.
 *
 * @param text of a line, without its end
 */
export function escapeControls(text: string): string {
  return text.replace(CONTROLS, escaped);
}

/**
 * Text without the control characters that JSON leaves as they are, for what replicas write and
 * answers of the API carry: `curl` shows those answers at a terminal.
 *
 * @param text what a replica wrote
 */
export function escapeLateControls(text: string): string {
  return text.replace(LATE_CONTROLS, escaped);
}

function escaped(letter: string): string {
  return `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** The message of a record as a sentence, with its values filled in. */
const sentence = getTextFormatter({ value: "bare", format: ({ message }) => message });

/**
 * Attributes beside time, level, message and logger. The message is for people, who may print it at
 * a terminal: control characters are escaped in it. The attributes have the values as they are. A
 * record with `text` is a line of another program, and the line is its message: written once.
 */
function flat(format: TextFormatter): TextFormatter {
  return (record: LogRecord) => {
    const { text, ...properties } = record.properties;
    const message = text === undefined ? record.message : ["", text, ""];
    return format({
      ...record,
      message: [escapeControls(sentence({ ...record, message }).replace(/\n$/, ""))],
      properties: attributesOf(properties),
    });
  };
}

function oneLine(format: TextFormatter): TextFormatter {
  return (record) => `${escapeControls(format(record).replace(/\r?\n$/, ""))}\n`;
}

/** The colours are the formatter's own: only what goes in is escaped. */
function withPlainValues(format: TextFormatter): TextFormatter {
  return (record) => {
    const message = record.message.map((part) => {
      if (typeof part === "string") return escapeControls(part);
      return typeof part === "object" ? escapeControls(Deno.inspect(part)) : part;
    });
    return format({ ...record, message });
  };
}
