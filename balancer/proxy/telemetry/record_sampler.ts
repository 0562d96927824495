/**
 * Decides of which requests there is a record, and hands the records on.
 *
 * @module
 */
import type { RequestHead } from "../http1/request_head.ts";
import { fieldValue, keySlot } from "../routing/key.ts";
import { latin1 } from "../http1/latin1.ts";
import type { Identity, RequestLine, RequestRecord } from "./request_record.ts";
import type { RoutingTable } from "../routing/routing_table.ts";
import type { ProxyRequest } from "../request/request.ts";

/** No request is chosen. */
const NEVER = 0;

/** Those that are rarer still are rare enough. */
const LONGEST_GAP = 2 ** 30;

/** Hears of requests at their end. Must not throw, nor keep what it is given. */
export interface RecordListener {
  recorded(record: RequestRecord): void;
}

/** The recorder of one worker. */
export class RecordSampler {
  /** Who hears of each record. */
  readonly listeners: RecordListener[] = [];
  /** Whether there is a late record of a request that fails and was not chosen. */
  catches = false;
  /** Whether records have the Referer and User-Agent fields, which only `combined` writes. */
  readsFields = false;
  readonly #routes: RoutingTable;
  #fraction = 0;
  /**
   * How many requests from here the next one is that is chosen. A small integer: what may be larger
   * is a number on the heap to V8, and this one is written for every request.
   */
  #left = NEVER;

  /** @param routes the worker's */
  constructor(routes: RoutingTable) {
    this.#routes = routes;
  }

  /**
   * Chooses that part of the requests from now on, at random.
   *
   * @param fraction from 0, none, to 1, all
   */
  sample(fraction: number): void {
    this.#fraction = fraction;
    this.#left = this.#gap();
    this.catches = fraction > 0 && fraction < 1;
  }

  /** Whether the request that comes now is chosen. */
  next(): boolean {
    if (this.#left === NEVER || --this.#left > 0) return false;
    this.#left = this.#gap();
    return true;
  }

  #gap(): number {
    return this.#fraction > 0 ? Math.min(gap(this.#fraction, Math.random()), LONGEST_GAP) : NEVER;
  }

  /** Who the request is, and where it falls. */
  identify({ requestId, destination: { key } }: ProxyRequest): Identity {
    const ring = this.#routes.current?.view.ring;
    const slot = key === undefined || !ring ? -1 : keySlot(ring, key);
    return { requestId, key, slot };
  }

  /** A request is over. */
  recorded(record: RequestRecord): void {
    for (const listener of this.listeners) listener.recorded(record);
  }
}

/**
 * How far it is to the next request that is chosen, so that each one is chosen with the same
 * probability whatever became of those before it: a geometric distribution. To draw for each one
 * would cost those that are not chosen, too.
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
 * The line of the request whose head was parsed last.
 *
 * @param head its head
 * @param bytes the bytes that hold it
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
 * The line of a request out of the bytes that go to replicas, which are known to be right.
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
