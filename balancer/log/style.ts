/**
 * The styles of log lines.
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

/** The setting: `auto` is text on a terminal and JSON lines elsewhere. */
type LogFormat = "auto" | "json" | "text";

/** The resolved style. */
export type LogStyle = "json" | "text" | "colours";

/**
 * Resolves the style of log lines.
 *
 * @param format the setting
 * @param terminal whether the output is a terminal
 */
export function styleOf(format: LogFormat, terminal: boolean): LogStyle {
  if (format === "json" || (format === "auto" && !terminal)) return "json";
  return terminal ? "colours" : "text";
}

/** The styles of access log lines. */
export type AccessStyle = LogStyle | "combined";

/**
 * Resolves the style of access log lines.
 *
 * @param format the setting; `auto` follows the log
 * @param style the style of the log
 * @param terminal whether the output is a terminal
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
 * Returns a formatter that writes one line per record.
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

/** Control characters that JSON does not escape: DEL, C1, and Unicode's own line ends. */
const LATE_CONTROLS = /[\u007f-\u009f\u2028\u2029]/g;

/** Control characters: C0 with line ends and escape, DEL, C1, and Unicode's own line ends. */
// deno-lint-ignore no-control-regex -- these are the characters to escape
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

/**
 * Escapes control characters. Values come from clients and replicas, which must not forge lines or
 * send escape sequences to the operator's terminal.
 *
 * @param text a line without its end
 */
export function escapeControls(text: string): string {
  return text.replace(CONTROLS, escaped);
}

/**
 * Escapes the control characters that JSON leaves unescaped, in replicas' output and in answers of
 * the API: `curl` prints those answers on a terminal.
 *
 * @param text a replica's output
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
 * Attributes besides time, level, message and logger. Control characters are escaped in the
 * message, which people may print on a terminal. Attributes keep the original values. A record with
 * `text` is a line of another program; the line is the record's message and is written once.
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

/** The colours come from the formatter; only the inserted values are escaped. */
function withPlainValues(format: TextFormatter): TextFormatter {
  return (record) => {
    const message = record.message.map((part) => {
      if (typeof part === "string") return escapeControls(part);
      return typeof part === "object" ? escapeControls(Deno.inspect(part)) : part;
    });
    return format({ ...record, message });
  };
}
