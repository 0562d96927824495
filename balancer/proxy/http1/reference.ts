/**
 * The codec once more, plainly: strings, regular expressions of the RFC's grammar, no care for
 * speed. What the fuzzer holds the byte-level codec to; strings hold one byte a character.
 *
 * @module
 */

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]";
const TEXT = "[\\t\\x20-\\x7e\\x80-\\xff]";
const REQUEST_LINE = new RegExp(`^(${TOKEN}{1,32}) ([\\x21\\x22\\x24-\\x7e]+) HTTP/(\\d)\\.(\\d)$`);
const STATUS_LINE = /^HTTP\/1\.(\d) ([1-9]\d\d)(?: ([^\r\n\0]*))?$/;
const LENIENT_LINE = new RegExp(`^(${TOKEN}+)[\\t ]*:[\\t ]*([^\\r\\n\\0]*?)[\\t ]*$`);
const FIELD_LINE = new RegExp(`^(${TOKEN}+):[\\t ]*(${TEXT}*?)[\\t ]*$`);
const OPTION_START = new RegExp(`^${TOKEN}*`);
const OPTION = new RegExp(`^${TOKEN}*$`);
const NAME = "(?:[A-Za-z0-9\\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})+";
const AUTHORITY = new RegExp(`^(?:\\[[0-9A-Fa-f:.]{2,45}\\]|${NAME})(?::(\\d{0,5}))?$`);
const CHUNK_LINE = new RegExp(`([0-9A-Fa-f]{1,16})([\\t ]*;${TEXT}*)?\\r\\n`, "y");
const LENIENT_CHUNK_LINE = new RegExp(`([0-9A-Fa-f]+)([\\t ]*)(;${TEXT}*)?\\r\\n`, "y");
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
  "http2-settings",
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
  "x-forwarded-port",
  "x-request-id",
  "cookie",
  "max-forwards",
];
const KNOWN = [...HOP_BY_HOP, ...PROTECTED, "trailer"];

/** Other names that tell where a request comes from. */
const ORIGIN = new RegExp(
  "^(?:" + [
    "forwarded(-for)?",
    "x-forwarded(-.+)?",
    "(fastly-|fly-|incap-|true-|x-|x-cluster-|wl-proxy-|proxy-)?client-ip",
    "proxy",
    "(x|ali-cdn)-real-ip",
    "x-real-port",
    "x-(proxyuser|remote|originating|vercel)-ip",
    "x-(appengine-)?remote-addr",
    "x-appengine-user-ip",
    "x-azure-(client|socket)ip",
    "x-envoy-(external-address|internal)",
    "x-nf-client-connection-ip",
    "x-(original|vercel)-forwarded-for",
    "x-original-(host|proto|uri|url)",
    "x-rewrite-url",
    "x-(url-)?scheme",
    "front-end-https",
    "cdn-src-ip",
    "cf-connecting-ip(v6)?",
    "cf-pseudo-ipv4",
    "cloudfront-viewer-address",
    "do-connecting-ip",
  ].join("|") + ")$",
);

/** A field line as it is to cross, its name in lower case and its value. */
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
  const message = referenceMessage(head, line[4] === "0" ? 0 : 1, false);
  if (form === undefined || message === undefined) return undefined;
  const hosts = valuesOf(message.fields, "host");
  if (hosts.length > 1 || (hosts.length === 0 && message.minor === 1)) return undefined;
  if (hosts.length > 0 && hosts[0] !== "" && !isReferenceAuthority(hosts[0]!)) return undefined;
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

/**
 * The end and the data of a chunked body of a response, and the bytes that are sent on of it.
 *
 * @param text bytes as received
 */
export function referenceCleanChunked(
  text: string,
): { end: number; data: string; sent: string } | undefined {
  let [data, sent, at, excess] = ["", "", 0, 0];
  for (;;) {
    LENIENT_CHUNK_LINE.lastIndex = at;
    const [line, digits = "", blank = "", rest = ""] = LENIENT_CHUNK_LINE.exec(text) ?? [];
    if (line === undefined) return undefined;
    const shorter = digits.replace(/^0+/, "0");
    const size = parseInt(digits, 16);
    const extension = digits.length - shorter.length + blank.length + rest.length;
    excess = Math.max(0, excess + extension - size);
    const bounded = extension <= 256 && excess <= 16384 && shorter.length <= 16;
    if (!bounded || size > Number.MAX_SAFE_INTEGER) return undefined;
    at += line.length;
    sent += `${shorter}${rest}\r\n`;
    if (size === 0) break;
    if (text.slice(at + size, at + size + 2) !== "\r\n") return undefined;
    data += text.slice(at, at + size);
    sent += text.slice(at, at + size + 2);
    at += size + 2;
  }
  const trailers = cleanTrailers(text, at);
  return trailers && { end: trailers.end, data, sent: sent + trailers.kept };
}

function cleanTrailers(text: string, from: number): { end: number; kept: string } | undefined {
  let [kept, total] = ["", 0];
  for (let at = from;;) {
    TRAILER_LINE.lastIndex = at;
    const line = TRAILER_LINE.exec(text);
    if (line === null) return undefined;
    at += line[0].length;
    const name = folded((line[1] ?? "").toLowerCase());
    if (!KNOWN.includes(name) && !ORIGIN.test(name)) kept += line[0];
    if (line[1] === undefined) return { end: at, kept };
    total += line[0].length - 2;
    if (total > 8192) return undefined;
  }
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
    const name = folded(line[1].toLowerCase());
    if (total > 8192 || KNOWN.includes(name) || ORIGIN.test(name)) return undefined;
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
    !(KNOWN.includes(name) || ORIGIN.test(name) || isReferenceFold(name));
}

function strictFields(head: string): ReferenceField[] | undefined {
  return linesOf(head, FIELD_LINE, (line) => line);
}

/** Folds and control characters become spaces, spaces before a colon go behind it. */
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

/** Those that are not empty; undefined where one is a fault. */
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

/** A response may repeat its length, and have empty elements about its coding. */
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
 * Protocols that a request offers, without h2c.
 *
 * @param fields its fields
 */
export function offeredProtocols(fields: ReferenceField[]): string[] {
  return valuesOf(fields, "upgrade").flatMap((value) => value.split(","))
    .map((value) => value.replaceAll(/^[\t ]+|[\t ]+$/g, ""))
    .filter((value) => !/^(?:h2c)?$/i.test(value));
}

/**
 * What a gateway may take the name of a field for.
 *
 * @param name name in lower case
 */
function folded(name: string): string {
  return name.replaceAll(/[^0-9a-z]/g, "-");
}

/**
 * Whether a field tells where a request comes from, and is known by nothing else.
 *
 * @param name name in lower case
 */
export function isReferenceOrigin(name: string): boolean {
  return ORIGIN.test(name) && !KNOWN.includes(name);
}

/**
 * Whether a gateway may take a field for a known one.
 *
 * @param name name in lower case
 */
export function isReferenceFold(name: string): boolean {
  const other = folded(name);
  return name !== other && (KNOWN.includes(other) || other === "date" || ORIGIN.test(other));
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
