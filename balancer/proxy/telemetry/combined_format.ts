/**
 * A request as a line of Apache's combined log format:
 * `%h - - [%t] "%r" %>s %b "%{Referer}i" "%{User-Agent}i"`.
 *
 * Source: Apache HTTP Server 2.4, "Log Files", Combined Log Format; escapes and status 499 as nginx
 * writes them (`log_format` with `escape=default`).
 *
 * @module
 */
import type { RequestRecord } from "./request_record.ts";

/** Text from clients is cut after this many characters. */
const LONGEST = 1024;

/** Status of a request whose client left before a response. */
const CLIENT_LEFT = 499;

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/**
 * Returns a line, without its end.
 *
 * @param record the request
 * @param timestamp when it ended, as written by {@linkcode CombinedTimestamps}
 */
export function combinedLine(record: RequestRecord, timestamp: string): string {
  const { client, line, status, bytesOut, http2 } = record;
  const request = line
    ? `${line.method} ${cut(line.target)} ${http2 ? "HTTP/2.0" : `HTTP/1.${line.minor}`}`
    : "-";
  return `${client} - - [${timestamp}] "${escaped(request)}" ${status || CLIENT_LEFT} ` +
    `${bytesOut || "-"} "${fieldText(line?.referer)}" "${fieldText(line?.userAgent)}"`;
}

/** Times in the format's notation; the lines of one second share one text. */
export class CombinedTimestamps {
  #second = -1;
  #text = "";

  /** @param epochMs milliseconds since the epoch @returns `01/Dec/2026:00:12:43 +0000` */
  of(epochMs: number): string {
    const second = Math.floor(epochMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      const date = new Date(1000 * second);
      const [year, month, day] = date.toISOString().slice(0, 10).split("-");
      const name = MONTHS[Number(month) - 1];
      this.#text = `${day}/${name}/${year}:${date.toISOString().slice(11, 19)} +0000`;
    }
    return this.#text;
  }
}

function fieldText(value: string | undefined): string {
  return value ? escaped(cut(value)) : "-";
}

function cut(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text;
}

/** Escapes a client's bytes: none ends a field or a line, or is a terminal control character. */
function escaped(text: string): string {
  return text.replace(/[^ !#-[\]-~]/g, (letter) => {
    return `\\x${letter.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
  });
}
