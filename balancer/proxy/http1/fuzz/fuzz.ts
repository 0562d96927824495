/**
 * Runs damaged messages through the codec: it must parse them as the reference does, and its output
 * must parse back equally, so that no two recipients can disagree on the end of a message. `deno
 * run balancer/proxy/http1/fuzz/fuzz.ts --count 10000000 --seed 7` runs it for longer.
 *
 * @module
 */

import { ChunkScanner } from "../chunked.ts";
import { CleanCopy } from "../clean_copy.ts";
import { DateLine } from "../date_line.ts";
import { chunkedBody, requestHead, responseHead } from "./fuzz_messages.ts";
import { agree, compareRequest, compareResponse } from "./fuzz_compare.ts";
import { Mutator } from "./fuzz_mutator.ts";
import { Random } from "./fuzz_random.ts";
import { HeadScanner } from "../head_scanner.ts";
import { writeRequestHead, writeResponseHead } from "../head_writer.ts";
import {
  referenceHeadEnd,
  type ReferenceRequest,
  referenceRequest,
  type ReferenceResponse,
  referenceResponse,
} from "./reference.ts";
import { referenceChunked, referenceCleanChunked } from "./reference_chunked.ts";
import { referenceRequestHead, referenceResponseHead, textOf } from "./reference_writer.ts";
import { RequestHead } from "../request_head.ts";
import { ResponseHead } from "../response_head.ts";
import { hideRingFields, ringLines, type RingPlace } from "../ring_fields.ts";
import { hideSetCookie } from "../set_cookie.ts";
import { ascii } from "../writer.ts";

const MAX_FIELDS = 1000;
const INPUTS_A_MESSAGE = 8;
const KINDS = [requestHead, responseHead, chunkedBody];

/** Counts of a run. */
interface FuzzResult {
  readonly inputs: number;
  /** Inputs that codec and reference both accept. */
  readonly accepted: number;
}

/**
 * Runs the codec on damaged messages.
 *
 * @param count number of messages
 * @param seed seed of the random numbers
 */
export function fuzz(count: number, seed: number): FuzzResult {
  const random = new Random(seed);
  const mutator = new Mutator(random);
  const run = new Run(random);
  let accepted = 0;
  let message = "";
  let kind = 0;
  for (let input = 0; input < count; input++) {
    if (input % INPUTS_A_MESSAGE === 0) {
      kind = random.below(KINDS.length);
      message = KINDS[kind]!(random);
    }
    mutator.load(bytesOf(message), 4);
    const bytes = mutator.bytes.subarray(0, mutator.length);
    if (run.any(kind, bytes)) accepted++;
  }
  return { inputs: count, accepted };
}

/** The codec's objects, reused as a connection reuses them. */
class Run {
  readonly #random: Random;
  readonly #scanner = new HeadScanner();
  readonly #request = new RequestHead();
  readonly #response = new ResponseHead();
  readonly #chunks = new ChunkScanner();
  readonly #copy = new CleanCopy();
  readonly #cleaned = new ChunkScanner(this.#copy);
  readonly #out = new Uint8Array(65536);
  readonly #window = new Uint8Array(65536);

  constructor(random: Random) {
    this.#random = random;
  }

  /** @param kind index of the kind of message */
  any(kind: number, bytes: Uint8Array): boolean {
    if (kind === 0) return this.request(bytes);
    if (kind === 1) return this.response(bytes);
    // The second scan moves the bytes.
    const strictly = this.chunked(bytes);
    return this.cleanChunked(bytes) || strictly;
  }

  request(bytes: Uint8Array): boolean {
    const text = textOf(bytes);
    const end = this.#headEnd(bytes, text);
    const expected = end < 0 ? undefined : referenceRequest(text.slice(0, end));
    const usual = expected?.absolute === false && expected.target !== "*";
    if (this.#inOnePass(this.#request, bytes, end, usual, text) && expected) {
      compareRequest(this.#window, this.#request, expected, text);
    }
    if (end < 0) return false;
    const fault = this.#request.parse(bytes, 0, end, MAX_FIELDS);
    agree("request accepted", fault === undefined, expected !== undefined, text);
    if (expected === undefined) return false;
    compareRequest(bytes, this.#request, expected, text);
    this.#rewriteRequest(bytes, expected, text);
    return true;
  }

  response(bytes: Uint8Array): boolean {
    const text = textOf(bytes);
    const end = this.#headEnd(bytes, text);
    const expected = end < 0 ? undefined : referenceResponse(text.slice(0, end));
    if (this.#inOnePass(this.#response, bytes, end, expected !== undefined, text) && expected) {
      compareResponse(this.#window, this.#response, expected, text);
    }
    if (end < 0) return false;
    const fault = this.#response.parse(bytes, 0, end, MAX_FIELDS);
    agree("response accepted", fault === undefined, expected !== undefined, text);
    if (fault !== undefined) agree("status of the fault", fault.status, 502, text);
    if (expected === undefined) return false;
    compareResponse(bytes, this.#response, expected, text);
    this.#rewriteResponse(bytes, expected, text);
    return true;
  }

  chunked(bytes: Uint8Array): boolean {
    const text = textOf(bytes);
    const expected = referenceChunked(text);
    this.#chunks.reset();
    let data = "";
    let at = 0;
    while (at >= 0 && at < bytes.length && !this.#chunks.done) {
      at = this.#chunks.scan(bytes, at, this.#pieceEnd(at, bytes.length));
      if (at >= 0) data += spansOf(bytes, this.#chunks);
    }
    agree("body is complete", this.#chunks.done, expected !== undefined, text);
    if (expected === undefined) return false;
    agree("end of the body", at, expected.end, text);
    agree("data", data, expected.data, text);
    agree("amount of data", this.#chunks.dataBytes, data.length, text);
    return true;
  }

  /** Scans bytes as a response's body: the strict scanner must accept the forwarded bytes. */
  cleanChunked(bytes: Uint8Array): boolean {
    const text = textOf(bytes);
    const expected = referenceCleanChunked(text);
    this.#cleaned.reset();
    let [data, sent, at] = ["", "", 0];
    while (at >= 0 && at < bytes.length && !this.#cleaned.done) {
      const from = at;
      at = this.#cleaned.scan(bytes, from, this.#pieceEnd(from, bytes.length));
      if (at < 0) break;
      data += spansOf(bytes, this.#cleaned);
      sent += textOf(bytes.subarray(from, this.#copy.compact(bytes, from, at)));
    }
    agree("clean body is complete", this.#cleaned.done, expected !== undefined, text);
    if (expected === undefined) return false;
    sent += textOf(this.#copy.tail);
    agree("end of the clean body", at, expected.end, text);
    agree("clean data", data, expected.data, text);
    agree("body sent on", sent, expected.sent, text);
    this.#chunks.reset();
    agree("read back", this.#chunks.scan(bytesOf(sent), 0, sent.length), sent.length, text);
    agree("complete when read back", this.#chunks.done, true, text);
    return true;
  }

  /** Parses with bytes of an earlier message behind, as in a reused buffer. */
  #inOnePass(
    head: RequestHead | ResponseHead,
    bytes: Uint8Array,
    end: number,
    usual: boolean,
    text: string,
  ): boolean {
    this.#window.set(bytes);
    this.#window.set(STALE, bytes.length);
    const whole = head.parseWhole(this.#window, 0, bytes.length, MAX_FIELDS);
    agree("parsed in one pass", whole, usual, text);
    if (whole) agree("end found in one pass", head.end, end, text);
    return whole;
  }

  /** Whole or in pieces, as from the network. */
  #pieceEnd(at: number, end: number): number {
    return this.#random.once(2) ? end : at + 1 + this.#random.below(end - at);
  }

  #headEnd(bytes: Uint8Array, text: string): number {
    this.#scanner.reset();
    let found = -1;
    for (let at = 0; found === -1 && at < bytes.length;) {
      const end = this.#pieceEnd(at, bytes.length);
      found = this.#scanner.scan(bytes, at, end);
      at = end;
    }
    agree("end of the head", found, referenceHeadEnd(text), text);
    return found;
  }

  #rewriteRequest(bytes: Uint8Array, expected: ReferenceRequest, text: string): void {
    const add = {
      requestId: this.#random.once(2) ? ID : undefined,
      forwardedFor: ADDRESS,
      proto: HTTP,
      port: PORT,
      via: this.#random.once(4) ? NO_VIA : VIA,
      underscores: this.#random.once(2),
      trusted: this.#random.once(2),
      traceparent: this.#random.once(2) ? TRACEPARENT : undefined,
      withoutCookie: this.#random.once(2) ? COOKIE_NAME : undefined,
    };
    const end = writeRequestHead(this.#out, 0, bytes, this.#request, add);
    const sent = this.#out.subarray(0, end);
    agree("request sent on", textOf(sent), referenceRequestHead(expected, add), text);
    this.#scanner.reset();
    agree("end of what is sent on", this.#scanner.scan(sent, 0, end), end, text);
    agree("fault", this.#request.parse(sent, 0, end, MAX_FIELDS)?.reason, undefined, text);
    agree("method read back", this.#request.method, expected.method, text);
    agree("length read back", this.#request.contentLength, expected.length, text);
    agree("coding read back", this.#request.chunked, expected.chunked, text);
    agree("upgrade read back", this.#request.upgrade, expected.upgrade, text);
  }

  #place(): RingPlace {
    return { slot: this.#random.below(65_536), replica: "S-4", lines: ringLines(12, "0af3") };
  }

  #rewriteResponse(bytes: Uint8Array, expected: ReferenceResponse, text: string): void {
    const add = {
      requestId: this.#random.once(2) ? ID : undefined,
      via: this.#random.pick([NO_VIA, VIA]),
      connection: this.#random.pick(["", "close", "keep-alive", "upgrade"] as const),
      framing: this.#random.pick(["as-is", "as-is", "chunked", "none"] as const),
      date: this.#random.once(2) ? DATE : undefined,
      ring: this.#random.once(2) ? this.#place() : undefined,
      cookie: this.#random.once(2) ? SET_COOKIE : undefined,
    };
    if (add.ring) hideRingFields(this.#response.fields, bytes);
    if (add.cookie) hideSetCookie(this.#response.fields, bytes, COOKIE_NAME);
    const end = writeResponseHead(this.#out, 0, bytes, this.#response, add);
    const sent = this.#out.subarray(0, end);
    agree("response sent on", textOf(sent), referenceResponseHead(expected, add), text);
    this.#scanner.reset();
    agree("end of what is sent on", this.#scanner.scan(sent, 0, end), end, text);
    agree("fault", this.#response.parse(sent, 0, end, MAX_FIELDS)?.reason, undefined, text);
    agree("status read back", this.#response.status, expected.status, text);
    if (add.framing !== "as-is" || this.#response.bodyless("GET")) return;
    agree("length read back", this.#response.contentLength, expected.length, text);
    agree("coding read back", this.#response.chunked, expected.chunked, text);
  }
}

const ID = ascii("abc");
const ADDRESS = ascii("192.0.2.1");
const HTTP = ascii("http");
const PORT = ascii("5000");
const DATE = new DateLine(() => 784_111_777_000);
const VIA = ascii("1.1 p");
const NO_VIA = ascii("");
const COOKIE_NAME = ascii("c");
const SET_COOKIE = { before: ascii("Set-Cookie: c="), value: "d", after: ascii("; Path=/\r\n") };
const TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

const STALE = bytesOf(
  " HTTP/1.1\r\nHost: stale\r\nContent-Length: 9\r\n\r\nGET / HTTP/1.1\r\n\r\n\n:a\r\n\r\n",
);

function spansOf(bytes: Uint8Array, chunks: ChunkScanner): string {
  let data = "";
  for (let i = 0; i < chunks.spanCount; i++) {
    data += textOf(bytes.subarray(chunks.spans[2 * i], chunks.spans[2 * i + 1]));
  }
  return data;
}

function bytesOf(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

/** Value of `--name value` on the command line. */
function option(name: string, otherwise: number): number {
  const at = Deno.args.indexOf(`--${name}`);
  return at < 0 ? otherwise : Number(Deno.args[at + 1]);
}

if (import.meta.main) {
  const start = performance.now();
  const result = fuzz(option("count", 1_000_000), option("seed", 1));
  const perSecond = Math.round(result.inputs / ((performance.now() - start) / 1000));
  // deno-lint-ignore no-console
  console.log(`${result.inputs} inputs, ${result.accepted} accepted, ${perSecond} a second`);
}
