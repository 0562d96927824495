/**
 * Decides which requests get a record, and passes the records on.
 *
 * @module
 */
import type { RequestHead } from "../http1/request_head.ts";
import { fieldValue, keySlot } from "../routing/key.ts";
import { latin1 } from "../http1/latin1.ts";
import type { Identity, RequestLine, RequestRecord } from "./request_record.ts";
import type { RoutingTable } from "../routing/routing_table.ts";
import type { ProxyRequest } from "../request/request.ts";

/** No request is sampled. */
const NEVER = 0;

/** Longest gap between two sampled requests. */
const LONGEST_GAP = 2 ** 30;

/** Receives records of finished requests. Must not throw, nor keep the record. */
export interface RecordListener {
  recorded(record: RequestRecord): void;
}

/** The record sampler of one worker. */
export class RecordSampler {
  /** Receivers of each record. */
  readonly listeners: RecordListener[] = [];
  /** Whether a failed request that was not sampled gets a late record. */
  catches = false;
  /** Whether records have the Referer and User-Agent fields, which only `combined` writes. */
  readsFields = false;
  readonly #routes: RoutingTable;
  #fraction = 0;
  /**
   * Requests up to the next sampled one. A small integer: V8 stores larger numbers on the heap, and
   * this one is written for every request.
   */
  #left = NEVER;

  /** @param routes the worker's routing table */
  constructor(routes: RoutingTable) {
    this.#routes = routes;
  }

  /**
   * Samples that fraction of the requests from now on, at random.
   *
   * @param fraction from 0, none, to 1, all
   */
  sample(fraction: number): void {
    this.#fraction = fraction;
    this.#left = this.#gap();
    this.catches = fraction > 0 && fraction < 1;
  }

  /** Whether the next request is sampled. */
  next(): boolean {
    if (this.#left === NEVER || --this.#left > 0) return false;
    this.#left = this.#gap();
    return true;
  }

  #gap(): number {
    return this.#fraction > 0 ? Math.min(gap(this.#fraction, Math.random()), LONGEST_GAP) : NEVER;
  }

  /** Returns the request's id, key and slot. */
  identify({ requestId, destination: { key }, rules }: ProxyRequest): Identity {
    const ring = this.#routes.current?.view.ring;
    const slot = key === undefined || !ring ? -1 : keySlot(ring, key);
    const { from } = rules.keySource;
    // By far the usual source, whose keys are their requests' ids.
    return from === "request-id" ? { requestId, key, slot } : { requestId, key, slot, from };
  }

  /** A request with a record has ended. */
  recorded(record: RequestRecord): void {
    for (const listener of this.listeners) listener.recorded(record);
  }
}

/**
 * Returns the gap up to the next sampled request, so that each one is sampled with the same
 * probability, independently of earlier ones: a geometric distribution. A random number for each
 * request would cost the unsampled ones, too.
 *
 * @param fraction the probability
 * @param random a random number from 0 to below 1
 */
export function gap(fraction: number, random: number): number {
  if (fraction >= 1) return 1;
  if (fraction <= 0) return Infinity;
  return 1 + Math.floor(Math.log1p(-random) / Math.log1p(-fraction));
}

/**
 * Returns the request line of the head that was parsed last.
 *
 * @param head the request's head
 * @param bytes the bytes that hold the head
 * @param readsFields whether the log format shows the fields Referer and User-Agent
 */
export function lineIn(head: RequestHead, bytes: Uint8Array, readsFields: boolean): RequestLine {
  const { method, minor, targetStart, targetEnd } = head;
  const line = { method, minor, target: latin1(bytes, targetStart, targetEnd) };
  if (!readsFields) return line;
  const field = (name: string) => fieldValue({ bytes, head }, name);
  return { ...line, referer: field("referer"), userAgent: field("user-agent") };
}

/**
 * Reads the request line from the bytes that go to replicas, which are known to be valid.
 *
 * @param request the request, before its bytes are released
 * @param readsFields whether the line has the fields that only `combined` writes
 */
export function lineOf({ method, minor, out }: ProxyRequest, readsFields: boolean): RequestLine {
  const start = method.length + 1;
  const line = { method, minor, target: latin1(out, start, out.indexOf(32, start)) };
  if (!readsFields) return line;
  const [head = ""] = latin1(out, 0, out.length).split("\r\n\r\n", 1);
  const field = (name: string) => new RegExp(`\r\n${name}:[ \t]*(.*)`, "i").exec(head)?.[1];
  return { ...line, referer: field("referer"), userAgent: field("user-agent") };
}
