/**
 * A plain second implementation of the codec: strings, regular expressions of the RFC's grammar, no
 * care for speed. The fuzzer compares the byte-level codec with it; strings hold one byte in each
 * character.
 *
 * @module
 */

import {
  HOP_BY_HOP,
  isKnown,
  isReferenceFold,
  isReferenceOrigin,
  PROTECTED,
  TEXT,
  TOKEN,
} from "./reference_names.ts";

const REQUEST_LINE = new RegExp(`^(${TOKEN}{1,32}) ([\\x21\\x22\\x24-\\x7e]+) HTTP/(\\d)\\.(\\d)$`);
const STATUS_LINE = /^HTTP\/1\.(\d) ([1-9]\d\d)(?: ([^\r\n\0]*))?$/;
const LENIENT_LINE = new RegExp(`^(${TOKEN}+)[\\t ]*:[\\t ]*([^\\r\\n\\0]*?)[\\t ]*$`);
const FIELD_LINE = new RegExp(`^(${TOKEN}+):[\\t ]*(${TEXT}*?)[\\t ]*$`);
const OPTION_START = new RegExp(`^${TOKEN}*`);
const OPTION = new RegExp(`^${TOKEN}*$`);
const NAME = "(?:[A-Za-z0-9\\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})+";
const AUTHORITY = new RegExp(`^(?:\\[[0-9A-Fa-f:.]{2,45}\\]|${NAME})(?::(\\d{0,5}))?$`);

/** A field line to forward: its name in lower case, and its value. */
interface ReferenceField {
  readonly line: string;
  readonly name: string;
  readonly value: string;
}

interface ReferenceMessage {
  readonly minor: number;
  readonly fields: ReferenceField[];
  readonly crossing: ReferenceField[];
  readonly length: number;
  readonly chunked: boolean;
  readonly keepAlive: boolean;
  readonly upgrade: boolean;
}

/** A request that the reference accepts. */
export interface ReferenceRequest extends ReferenceMessage {
  readonly method: string;
  readonly target: string;
  readonly host: string;
  readonly absolute: boolean;
  readonly expectContinue: boolean;
  readonly trailers: boolean;
  readonly maxForwards: number;
}

/** A response that the reference accepts. */
export interface ReferenceResponse extends ReferenceMessage {
  readonly status: number;
  readonly reason: string;
  /** Whether its length was given as a list. */
  readonly listed: boolean;
}

/**
 * Returns the index of the head's end; -1 if there is none, -2 for an earlier bare CR or LF or a
 * NUL.
 *
 * @param text bytes as received
 */
export function referenceHeadEnd(text: string): number {
  const blank = text.indexOf("\r\n\r\n");
  const end = text.startsWith("\r\n") ? 2 : blank < 0 ? -1 : blank + 4;
  const fault = text.search(/\r(?=[^\n])|(?<!\r)\n|\0/);
  return fault >= 0 && (end < 0 || fault < end) ? -2 : end;
}

/** @param head a head that ends with its empty line */
export function referenceRequest(head: string): ReferenceRequest | undefined {
  const line = REQUEST_LINE.exec(head.split("\r\n", 1)[0]!);
  if (line === null || line[3] !== "1") return undefined;
  const method = line[1]!;
  const form = targetForm(method, line[2]!);
  const message = referenceMessage(head, line[4] === "0" ? 0 : 1, false);
  if (form === undefined || message === undefined) return undefined;
  const hosts = valuesOf(message.fields, "host");
  if (hosts.length > 1 || (hosts.length === 0 && message.minor === 1)) return undefined;
  if (hosts.length > 0 && hosts[0] !== "" && !isReferenceAuthority(hosts[0]!)) return undefined;
  if (hosts[0] === "" && form.authority !== undefined) return undefined;
  const expectations = valuesOf(message.fields, "expect");
  if (expectations.some((value) => !/^(?:100-continue)?$/i.test(value))) return undefined;
  const limited = method === "OPTIONS" || method === "TRACE";
  const limits = limited ? valuesOf(message.fields, "max-forwards") : [];
  if (limits.length > 1 || !limits.every((value) => /^\d{1,15}$/.test(value))) return undefined;
  const written = (field: ReferenceField) =>
    (field.name === "expect" && field.value === "") || (limited && field.name === "max-forwards");
  return {
    ...message,
    crossing: message.crossing.filter((field) => !written(field)),
    upgrade: message.upgrade && offeredProtocols(message.fields).length > 0,
    trailers: message.minor === 1 && listOf(message.fields, "te").includes("trailers"),
    maxForwards: Number(limits[0] ?? -1),
    method,
    target: form.target,
    host: form.authority ?? hosts[0] ?? "",
    absolute: form.authority !== undefined,
    expectContinue: expectations.some((value) => value !== "") && message.minor === 1,
  };
}

/** @param head a head that ends with its empty line */
export function referenceResponse(head: string): ReferenceResponse | undefined {
  const line = STATUS_LINE.exec(head.split("\r\n", 1)[0]!);
  if (line === null) return undefined;
  const message = referenceMessage(head, line[1] === "0" ? 0 : 1, true);
  if (message === undefined) return undefined;
  const lengths = message.fields.filter((field) => field.name === "content-length");
  const listed = lengths[0]?.value.includes(",") ?? false;
  const unwritten = listed ? lengths : lengths.slice(1);
  return {
    ...message,
    crossing: message.crossing.filter((field) => !unwritten.includes(field)),
    listed,
    status: Number(line[2]),
    reason: printable(line[3] ?? ""),
  };
}

function targetForm(
  method: string,
  target: string,
): { target: string; authority?: string } | undefined {
  if (method === "CONNECT") return undefined;
  if (target.startsWith("/") || (target === "*" && method === "OPTIONS")) return { target };
  const uri = /^https?:\/\/([^/?]*)([^?]*)(.*)$/i.exec(target);
  if (uri === null || !isReferenceAuthority(uri[1]!)) return undefined;
  const bare = uri[2] === "" && uri[3] === "" && method === "OPTIONS";
  return { target: bare ? "*" : (uri[2] || "/") + uri[3], authority: uri[1]! };
}

function isReferenceAuthority(text: string): boolean {
  const match = AUTHORITY.exec(text);
  return match !== null && Number(match[1] ?? "0") <= 65535;
}

function referenceMessage(
  head: string,
  minor: number,
  lenient: boolean,
): ReferenceMessage | undefined {
  const fields = lenient ? lenientFields(head) : strictFields(head);
  const options = fields && connectionOptions(fields, lenient);
  if (fields === undefined || options === undefined || options.length > 64) return undefined;
  const framing = lenient ? lenientFraming(fields, minor) : referenceFraming(fields, minor);
  if (framing === undefined) return undefined;
  const named = (name: string) =>
    options.includes(name) && !KNOWN_OPTIONS.includes(name) && isNominable(name);
  return {
    minor,
    fields,
    crossing: fields.filter(({ name }) => !HOP_BY_HOP.includes(name) && !named(name)),
    ...framing,
    keepAlive: !options.includes("close") && (minor === 1 || options.includes("keep-alive")),
    upgrade: minor === 1 && options.includes("upgrade") &&
      fields.some((field) => field.name === "upgrade"),
  };
}

const KNOWN_OPTIONS = ["close", "keep-alive", "upgrade"];

function isNominable(name: string): boolean {
  return name === "trailer" ||
    !(isKnown(name) || isReferenceFold(name));
}

function strictFields(head: string): ReferenceField[] | undefined {
  return linesOf(head, FIELD_LINE, (line) => line);
}

/** Replaces folds and control characters by spaces, and moves spaces before a colon behind it. */
function lenientFields(head: string): ReferenceField[] | undefined {
  const lines = head.indexOf("\r\n");
  const section = head.slice(lines, -4);
  const [first = "", ...others] = section.slice(2).split("\r\n");
  if (/^[\t ]/.test(first)) return undefined;
  if (![first, ...others].every((line) => line === "" || /^[\t ]|:/.test(line))) return undefined;
  if (/\r\n[\t ][^\r]*[^\t\r\x20-\x7e\x80-\xff]/.test(section)) return undefined;
  const unfolded = section.replaceAll(/\r\n(?=[\t ])/g, "  ");
  const framed = /\r\n(?:content-length|transfer-encoding)[\t ]*:[^\r]*[^\t\r\x20-\x7e\x80-\xff]/i;
  if (framed.test(unfolded)) return undefined;
  return linesOf(head.slice(0, lines) + unfolded + "\r\n\r\n", LENIENT_LINE, (line) => {
    const [, name = "", space = "", rest = ""] = /^([^:\t ]*)([\t ]*):(.*)$/s.exec(line) ?? [];
    return `${name}:${space.slice(1) + (space && " ")}${printable(rest)}`;
  });
}

function linesOf(
  head: string,
  form: RegExp,
  clean: (line: string) => string,
): ReferenceField[] | undefined {
  const fields: ReferenceField[] = [];
  for (const line of head.slice(0, -4).split("\r\n").slice(1)) {
    if (form.exec(line) === null) return undefined;
    const cleaned = clean(line);
    const match = FIELD_LINE.exec(cleaned);
    if (match === null) return undefined;
    fields.push({ line: cleaned, name: match[1]!.toLowerCase(), value: match[2]! });
  }
  return fields;
}

function printable(text: string): string {
  return text.replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, " ");
}

/** The options that are not empty; undefined if one is a fault. */
function connectionOptions(fields: ReferenceField[], lenient: boolean): string[] | undefined {
  const elements = listOf(fields, "connection");
  if (lenient) return elements.map((element) => OPTION_START.exec(element)![0]).filter(Boolean);
  const options = elements.map((element) => element.replace(/[\t ]*;[\t ]*$/, ""));
  const valid = options.every((option) =>
    OPTION.test(option) && !PROTECTED.includes(option) && !isReferenceOrigin(option)
  );
  return valid ? options.filter((option) => option !== "") : undefined;
}

function listOf(fields: ReferenceField[], name: string): string[] {
  return valuesOf(fields, name).flatMap((value) => value.split(","))
    .map((element) => element.replaceAll(/^[\t ]+|[\t ]+$/g, "").toLowerCase());
}

function referenceFraming(
  fields: ReferenceField[],
  minor: number,
): { length: number; chunked: boolean } | undefined {
  const lengths = valuesOf(fields, "content-length");
  const codings = valuesOf(fields, "transfer-encoding");
  if (lengths.length + codings.length === 0) return { length: -1, chunked: false };
  if (lengths.length + codings.length > 1) return undefined;
  if (lengths.length === 1) {
    const valid = /^\d{1,15}$/.test(lengths[0]!);
    return valid ? { length: Number(lengths[0]), chunked: false } : undefined;
  }
  const valid = minor === 1 && codings[0]!.toLowerCase() === "chunked";
  return valid ? { length: -1, chunked: true } : undefined;
}

/** A response may repeat its length, and have empty elements in its list of codings. */
function lenientFraming(
  fields: ReferenceField[],
  minor: number,
): { length: number; chunked: boolean } | undefined {
  const lengths = valuesOf(fields, "content-length").flatMap((value) => value.split(","))
    .map((value) => value.replaceAll(/^[\t ]+|[\t ]+$/g, ""));
  if (!lengths.every((length) => /^\d{1,15}$/.test(length) && +length === +lengths[0]!)) {
    return undefined;
  }
  const one = lengths.slice(0, 1).map((value) => ({ name: "content-length", value, line: "" }));
  const codings = fields.filter((field) => field.name === "transfer-encoding")
    .map((field) => ({ ...field, value: field.value.replaceAll(/^[\t ,]+|[\t ,]+$/g, "") }));
  return referenceFraming([...one, ...codings], minor);
}

/**
 * Returns the protocols that a request offers, without h2c.
 *
 * @param fields its fields
 */
export function offeredProtocols(fields: ReferenceField[]): string[] {
  return valuesOf(fields, "upgrade").flatMap((value) => value.split(","))
    .map((value) => value.replaceAll(/^[\t ]+|[\t ]+$/g, ""))
    .filter((value) => !/^(?:h2c)?$/i.test(value));
}

/**
 * Returns the values of the fields of a name.
 *
 * @param fields fields to look through
 * @param name name in lower case
 */
export function valuesOf(fields: ReferenceField[], name: string): string[] {
  return fields.filter((field) => field.name === name).map((field) => field.value);
}
