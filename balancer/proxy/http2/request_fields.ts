/**
 * The fields of a request: their validation, and the head of HTTP/1.1 that says the same.
 *
 * The head is the only form in which a request goes on, so a request that HTTP/1.1 would read in
 * another way must not pass: bytes that could end a line, or begin another one, are malformed.
 *
 * @module
 */
import { parseLength } from "../http1/framing.ts";
import { ascii, copy, writeBytes } from "../http1/writer.ts";
import {
  ASTERISK,
  AUTHORITY,
  COOKIE,
  HOST,
  isText,
  kindOf,
  LENGTH,
  MALFORMED,
  METHOD,
  PATH,
  SCHEME,
} from "./field_kind.ts";
import type { HeaderField } from "./header_field.ts";
import type { FieldSink } from "./hpack_decoder.ts";

/** Bytes that HTTP/1.1 adds to a name and a value: a colon, a space and the line end. */
const LINE_OVERHEAD = 4;
/** Room for the lines that are added to a head: version, framing, cookie. */
const ADDED = 128;

/** Limits of a head; the parser of HTTP/1.1 refuses larger ones with 414 or 431. */
export interface FieldLimits {
  /** Longest head in bytes, as HTTP/1.1. */
  readonly headBytes: number;
  /** Most fields. */
  readonly fields: number;
}

/** Collects and validates the fields of one block; reused for all blocks of a connection. */
export class RequestFields implements FieldSink {
  /** Whether the fields are malformed (RFC 9113, section 8.1.1). */
  malformed = false;
  /** Whether they exceed a limit: the fields behind that point are missing. */
  tooLarge = false;
  /** The value of Content-Length; -1 without one. */
  contentLength = -1;
  /** Size of the list of fields (RFC 9113, section 6.5.2), with those that are missing. */
  size = 0;
  readonly #limits: FieldLimits;
  readonly #fields: HeaderField[] = [];
  #method: Uint8Array | undefined;
  #scheme: Uint8Array | undefined;
  #path: Uint8Array | undefined;
  #authority: Uint8Array | undefined;
  #host: Uint8Array | undefined;
  #cookies = 0;
  #headBytes = 0;
  #regular = false;
  #trailers = false;

  /** @param limits limits of a head */
  constructor(limits: FieldLimits) {
    this.#limits = limits;
  }

  /**
   * Begins a block.
   *
   * @param trailers whether it is a trailer section, which has no pseudo-header fields
   */
  begin(trailers: boolean): void {
    this.#trailers = this.#regular = trailers;
    this.malformed = this.tooLarge = false;
    this.contentLength = -1;
    this.size = this.#headBytes = this.#cookies = 0;
    this.#fields.length = 0;
    this.#method =
      this.#scheme =
      this.#path =
      this.#authority =
      this.#host =
        undefined;
  }

  add(field: HeaderField): void {
    this.size += field.size;
    if (this.malformed || this.tooLarge) return;
    const kind = field.kind || (field.kind = kindOf(field.name, field.value));
    if (kind === MALFORMED || !this.#take(kind, field)) {
      this.malformed = true;
      return;
    }
    this.#headBytes += field.name.length + field.value.length + LINE_OVERHEAD;
    const { headBytes, fields } = this.#limits;
    this.tooLarge = this.#headBytes > headBytes || this.#fields.length > fields;
  }

  /** @returns whether the field may stand here */
  #take(kind: number, field: HeaderField): boolean {
    if (kind >= METHOD && kind <= AUTHORITY) return !this.#regular && this.#pseudo(kind, field);
    this.#regular = true;
    if (kind === HOST && !this.#trailers) {
      if (this.#host) return false;
      this.#host = field.value;
      return true;
    }
    if (kind === LENGTH && !this.#setLength(field.value)) return false;
    if (kind === COOKIE) this.#cookies++;
    this.#fields.push(field);
    return true;
  }

  /** RFC 9113, 8.3: each of them once. */
  #pseudo(kind: number, { value }: HeaderField): boolean {
    switch (kind) {
      case METHOD:
        return this.#method === undefined && (this.#method = value) !== undefined;
      case SCHEME:
        return this.#scheme === undefined && (this.#scheme = value) !== undefined;
      case PATH:
        return this.#path === undefined && (this.#path = value) !== undefined;
      default:
        return this.#authority === undefined && (this.#authority = value) !== undefined;
    }
  }

  #setLength(value: Uint8Array): boolean {
    if (this.#trailers || this.contentLength >= 0) return false;
    this.contentLength = parseLength(value, 0, value.length);
    return this.contentLength >= 0;
  }

  /**
   * Ends a request's head. To be called before {@linkcode head}.
   *
   * @param end whether no body follows
   */
  conclude(end: boolean): void {
    if (this.malformed) return;
    if (end && this.contentLength > 0 && !this.tooLarge) this.malformed = true;
    else if (!this.#method || !this.#named()) this.malformed = true;
  }

  /** RFC 9113, 8.3.1 and 8.5: which pseudo-header fields a request must have. */
  #named(): boolean {
    if (!this.#sameHost()) return false;
    if (isText(this.#method, CONNECT)) {
      return this.#authority !== undefined && !this.#scheme && !this.#path;
    }
    if (!this.#scheme || !this.#path) return false;
    return this.#path[0] !== ASTERISK || isText(this.#method, OPTIONS);
  }

  /** RFC 9113, 8.3.1: an intermediary must not forward a Host that differs from `:authority`. */
  #sameHost(): boolean {
    const [a, b] = [this.#authority, this.#host];
    if (!a || !b) return true;
    if (a.length !== b.length) return false;
    return a.every((byte, i) => lower(byte) === lower(b[i]!));
  }

  /**
   * Returns the head of the request in HTTP/1.1. A head that is too large has no end: the parser
   * refuses it by the length of its line, or by its own, before the end is missed.
   *
   * @param end whether no body follows
   */
  head(end: boolean): Uint8Array<ArrayBuffer> {
    const out = new Uint8Array(this.#headBytes + ADDED);
    let at = this.#requestLine(out);
    const host = this.#authority ?? this.#host;
    if (host) at = writeLine(out, at, HOST_NAME, host);
    at = this.#lines(out, at);
    if (this.tooLarge) return this.#overlong(out.subarray(0, at));
    at = writeBytes(out, this.#framing(out, at, end), LINE_END);
    return out.subarray(0, at);
  }

  /** One byte more than the limit: the beginning of the head, filled up without a line end. */
  #overlong(head: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    const length = this.#limits.headBytes + 1;
    if (head.length >= length) return head.slice(0, length);
    const longer = new Uint8Array(length).fill(FILLER);
    longer.set(head);
    return longer;
  }

  #requestLine(out: Uint8Array): number {
    let at = copy(out, 0, this.#method!, 0, this.#method!.length);
    out[at++] = 32;
    const target = this.#path ?? this.#authority!;
    at = copy(out, at, target, 0, target.length);
    return writeBytes(out, at, VERSION);
  }

  #lines(out: Uint8Array, start: number): number {
    let at = start;
    for (const { kind, name, value } of this.#fields) {
      if (kind !== COOKIE || this.#cookies === 1) at = writeLine(out, at, name, value);
    }
    return this.#cookies > 1 ? this.#cookie(out, at) : at;
  }

  /** RFC 9113, 8.2.3: HTTP/1.1 has one cookie field. */
  #cookie(out: Uint8Array, start: number): number {
    let at = writeBytes(out, start, COOKIE_START);
    let first = true;
    for (const { kind, value } of this.#fields) {
      if (kind !== COOKIE) continue;
      if (!first) at = writeBytes(out, at, COOKIE_BREAK);
      first = false;
      at = copy(out, at, value, 0, value.length);
    }
    return writeBytes(out, at, LINE_END);
  }

  /** A body without a length is chunked; a method with a body that has none says so. */
  #framing(out: Uint8Array, at: number, end: boolean): number {
    if (this.contentLength >= 0) return at;
    if (!end) return writeBytes(out, at, CHUNKED);
    return BODY_METHODS.some((method) => isText(this.#method, method))
      ? writeBytes(out, at, NO_LENGTH)
      : at;
  }

  /** Whether the request is a HEAD: its response has no body. */
  get isHead(): boolean {
    return isText(this.#method, HEAD);
  }

  /** The fields of a trailer section as lines, for the end of a chunked body. */
  trailerLines(): Uint8Array<ArrayBuffer> {
    const out = new Uint8Array(this.#headBytes);
    let at = 0;
    for (const { name, value } of this.#fields) at = writeLine(out, at, name, value);
    return out.subarray(0, at);
  }
}

function writeLine(out: Uint8Array, start: number, name: Uint8Array, value: Uint8Array): number {
  let at = copy(out, start, name, 0, name.length);
  out[at++] = 58;
  out[at++] = 32;
  at = copy(out, at, value, 0, value.length);
  out[at++] = 13;
  out[at++] = 10;
  return at;
}

function lower(byte: number): number {
  return byte >= 65 && byte <= 90 ? byte | 32 : byte;
}

/** A letter. */
const FILLER = 97;
const HOST_NAME = ascii("host");
const HEAD = ascii("HEAD");
const CONNECT = ascii("CONNECT");
const OPTIONS = ascii("OPTIONS");
const BODY_METHODS = ["POST", "PUT", "PATCH"].map(ascii);
const VERSION = ascii(" HTTP/1.1\r\n");
const LINE_END = ascii("\r\n");
const CHUNKED = ascii("transfer-encoding: chunked\r\n");
const NO_LENGTH = ascii("content-length: 0\r\n");
const COOKIE_START = ascii("cookie: ");
const COOKIE_BREAK = ascii("; ");
