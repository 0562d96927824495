/**
 * One request on its way through the proxy: its parsed head, and its progress.
 *
 * @module
 */
import { type Buffer, type BufferPool, SMALL_BYTES } from "../transport/buffers.ts";
import type { RequestHead } from "../http1/request_head.ts";
import { NO_LINES } from "../http1/ring_fields.ts";
import { ascii } from "../http1/writer.ts";
import { isIdempotent } from "../errors/upstream_error.ts";
import { NO_RULES, type RequestRules } from "../rules.ts";
import type { Refusal } from "../errors/refusal.ts";
import type { RefusedError } from "./body.ts";
import type { RequestAffinity } from "./affinity.ts";
import type { RequestIds } from "./request_ids.ts";
import type { InstancePool } from "../upstream/connection_pool.ts";

/** The destination of a request. */
export interface Destination {
  /** Its key; undefined for a call of the control API, which has a single destination. */
  readonly key: string | undefined;
  /** The pool that it is sent to first; undefined if that replica is not ready. */
  readonly first: InstancePool | undefined;
}

const NOWHERE: Destination = { key: undefined, first: undefined };

/** A request, with the bytes that are sent to any replica that is tried. */
export class ProxyRequest {
  readonly method: string;
  /** Minor version of the client's HTTP/1. */
  readonly minor: 0 | 1;
  /** Whether the client wants to keep its connection. */
  readonly keepAlive: boolean;
  readonly upgrade: boolean;
  /** Whether its credentials authenticate the whole connection to the replica (NTLM, Negotiate). */
  readonly connectionAuth: boolean;
  /** How it is served. */
  rules: RequestRules = NO_RULES;
  /** The destination of the request. */
  destination: Destination = NOWHERE;
  /** Set if the affinity cookie is its key. */
  affinity: RequestAffinity | undefined;
  /** Set if the balancer itself answers, even with replicas ready. */
  answer: Refusal | undefined;
  /** Its slot on the ring; -1 unless the ring fields need it, and for a call of the control API. */
  slot = -1;
  /** Field lines of the ring that it was routed by; empty unless the ring fields need them. */
  ringLines: Uint8Array = NO_LINES;
  /**
   * False once a part of the body outside the head's buffer was sent: no repetition is possible
   * then.
   */
  bodyIntact = true;
  /**
   * True from the beginning of an upload until the whole body is sent; stays true if that fails.
   */
  sendingBody = false;
  /** Whether a final response has begun to go to the client. */
  responding = false;
  /** Why the body is refused, if it is invalid. */
  bodyFault: RefusedError | undefined;
  /** The id that the client sent. */
  readonly #givenId: string | undefined;
  /** Number of the generated id, if the client sent none. */
  readonly #madeId: number;
  readonly #ids: RequestIds;
  readonly #buffers: BufferPool;
  #out: Buffer;
  /** False once the bytes are in a buffer of their own. */
  #isPooled = true;
  #length = 0;

  /**
   * @param head the request's head
   * @param givenId the id that the client sent; undefined to generate one
   * @param ids generates ids
   * @param buffers lends the buffer in which the request is assembled
   * @param bytes required length of that buffer
   */
  constructor(
    head: RequestHead,
    givenId: string | undefined,
    ids: RequestIds,
    buffers: BufferPool,
    bytes: number,
  ) {
    this.method = head.method;
    this.minor = head.minor;
    this.keepAlive = head.keepAlive;
    this.upgrade = head.upgrade;
    this.connectionAuth = head.connectionAuth;
    this.#givenId = givenId;
    this.#ids = ids;
    this.#madeId = givenId === undefined ? ids.next() : 0;
    this.#buffers = buffers;
    this.#out = buffers.take(bytes);
  }

  /** Whether it may be sent again after a replica may have received it. */
  get repeatable(): boolean {
    return this.rules.retries && isIdempotent(this.method);
  }

  /** The client's id, or the generated one; the response carries it. */
  get requestId(): string {
    return this.#givenId ?? this.#ids.text(this.#madeId);
  }

  /** The id as it is sent; valid until the next call for any request. */
  get idBytes(): Uint8Array {
    return this.#givenId === undefined ? this.#ids.bytes(this.#madeId) : ascii(this.#givenId);
  }

  /** Buffer in which the head is assembled, with the part of the body that arrived with it. */
  get out(): Buffer {
    return this.#out;
  }

  /** Length of the assembled bytes. */
  get length(): number {
    return this.#length;
  }

  /** Sets the length of the assembled bytes. */
  seal(length: number): void {
    this.#length = length;
  }

  /** The bytes to send first, to every replica that is tried. */
  get firstBytes(): Uint8Array {
    return this.#out.subarray(0, this.#length);
  }

  /**
   * Reduces the memory to the bytes needed, since the request may wait. No write may be under way.
   */
  shrink(): void {
    if (this.#out.length <= SMALL_BYTES || !this.#isPooled) return;
    const own = this.#out.slice(0, this.#length);
    this.release();
    this.#out = own;
    this.#isPooled = false;
  }

  /** Returns the buffer. No write may be under way. */
  release(): void {
    if (this.#isPooled) this.#buffers.give(this.#out);
  }
}
