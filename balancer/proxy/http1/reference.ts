/**
 * The codec once more, plainly: strings, regular expressions of the RFC's grammar, no care for
 * speed. What the fuzzer holds the byte-level codec to; strings hold one byte a character.
 *
 * @module
 */

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]";
const TEXT = "[\\t\\x20-\\x7e\\x80-\\xff]";
const REQUEST_LINE = new RegExp(`^(${TOKEN}{1,32}) ([\\x21\\x22\\x24-\\x7e]+) HTTP/(\\d)\\.(\\d)$`);
const STATUS_LINE = new RegExp(`^HTTP/1\\.([01]) ([1-5]\\d\\d)(?: (${TEXT}*))?$`);
const FIELD_LINE = new RegExp(`^(${TOKEN}+):[\\t ]*(${TEXT}*?)[\\t ]*$`);
const OPTION = new RegExp(`^${TOKEN}*$`);
const NAME = "(?:[A-Za-z0-9\\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})+";
const AUTHORITY = new RegExp(`^(?:\\[[0-9A-Fa-f:.]{2,45}\\]|${NAME})(?::(\\d{0,5}))?$`);
const CHUNK_LINE = new RegExp(`([0-9A-Fa-f]{1,16})([\\t ]*;${TEXT}*)?\\r\\n`, "y");
const TRAILER_LINE = new RegExp(`(?:(${TOKEN}+):${TEXT}*)?\\r\\n`, "y");

const HOP_BY_HOP = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
];
const PROTECTED = [
  "host",
  "content-length",
  "transfer-encoding",
  "expect",
  "via",
  "x-forwarded-for",
  "x-forwarded-proto",
  "x-forwarded-host",
  "x-request-id",
  "cookie",
];
const KNOWN = [...HOP_BY_HOP, ...PROTECTED, "trailer"];

/** A field line as it was received, its name in lower case and its value. */
export interface ReferenceField {
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
}

/** A response that the reference accepts. */
export interface ReferenceResponse extends ReferenceMessage {
  readonly status: number;
  readonly reason: string;
}

/**
 * Where the head ends, -1 when it does not, -2 for a CR or LF that stands alone or a NUL before.
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
  const message = referenceMessage(head, line[4] === "0" ? 0 : 1);
  if (form === undefined || message === undefined) return undefined;
  const hosts = valuesOf(message.fields, "host");
  if (hosts.length > 1 || (hosts.length === 0 && message.minor === 1)) return undefined;
  if (hosts.length > 0 && hosts[0] !== "" && !isReferenceAuthority(hosts[0]!)) return undefined;
  const expectations = valuesOf(message.fields, "expect");
  if (expectations.some((value) => value.toLowerCase() !== "100-continue")) return undefined;
  return {
    ...message,
    method,
    target: form.target,
    host: form.authority ?? hosts[0] ?? "",
    absolute: form.authority !== undefined,
    expectContinue: expectations.length > 0 && message.minor === 1,
  };
}

/** @param head a head that ends with its empty line */
export function referenceResponse(head: string): ReferenceResponse | undefined {
  const line = STATUS_LINE.exec(head.split("\r\n", 1)[0]!);
  if (line === null) return undefined;
  const message = referenceMessage(head, Number(line[1]));
  if (message === undefined) return undefined;
  return { ...message, status: Number(line[2]), reason: line[3] ?? "" };
}

/**
 * The end and the data of a chunked body that is complete and well-formed.
 *
 * @param text bytes as received
 */
export function referenceChunked(text: string): { end: number; data: string } | undefined {
  let data = "";
  let at = 0;
  let excess = 0;
  for (;;) {
    CHUNK_LINE.lastIndex = at;
    const line = CHUNK_LINE.exec(text);
    const extension = line?.[2]?.length ?? 0;
    if (line === null || extension > 256) return undefined;
    const size = parseInt(line[1]!, 16);
    if (size > Number.MAX_SAFE_INTEGER) return undefined;
    excess = Math.max(0, excess + extension - size);
    if (excess > 16384) return undefined;
    at += line[0].length;
    if (size === 0) break;
    if (text.slice(at + size, at + size + 2) !== "\r\n") return undefined;
    data += text.slice(at, at + size);
    at += size + 2;
  }
  const end = trailersEnd(text, at);
  return end === undefined ? undefined : { end, data };
}

function trailersEnd(text: string, from: number): number | undefined {
  let total = 0;
  for (let at = from;;) {
    TRAILER_LINE.lastIndex = at;
    const line = TRAILER_LINE.exec(text);
    if (line === null) return undefined;
    at += line[0].length;
    if (line[1] === undefined) return at;
    total += line[0].length - 2;
    if (total > 8192 || KNOWN.includes(line[1].toLowerCase())) return undefined;
  }
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

function referenceMessage(head: string, minor: number): ReferenceMessage | undefined {
  const fields: ReferenceField[] = [];
  for (const line of head.slice(0, -4).split("\r\n").slice(1)) {
    const match = FIELD_LINE.exec(line);
    if (match === null) return undefined;
    fields.push({ line, name: match[1]!.toLowerCase(), value: match[2]! });
  }
  const options = valuesOf(fields, "connection").flatMap((value) => value.split(","))
    .map((option) => option.replaceAll(/^[\t ]+|[\t ]+$/g, "").toLowerCase());
  if (!options.every((option) => OPTION.test(option) && !PROTECTED.includes(option))) {
    return undefined;
  }
  if (options.filter((option) => option !== "").length > 64) return undefined;
  const framing = referenceFraming(fields, minor);
  if (framing === undefined) return undefined;
  const dropped = [...HOP_BY_HOP, ...options.filter((option) => option !== "close")];
  return {
    minor,
    fields,
    crossing: fields.filter((field) => !dropped.includes(field.name)),
    ...framing,
    keepAlive: !options.includes("close") && (minor === 1 || options.includes("keep-alive")),
    upgrade: minor === 1 && options.includes("upgrade") &&
      fields.some((field) => field.name === "upgrade"),
  };
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

/**
 * The values of the fields of a name.
 *
 * @param fields fields to look through
 * @param name name in lower case
 */
export function valuesOf(fields: ReferenceField[], name: string): string[] {
  return fields.filter((field) => field.name === name).map((field) => field.value);
}
