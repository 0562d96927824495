/**
 * One request on its way through: what was read of it, and how far it has come.
 *
 * @module
 */
import { type Buffer, type BufferPool, SMALL_BYTES } from "../transport/buffers.ts";
import type { RequestHead } from "../http1/request_head.ts";
import { ascii } from "../http1/writer.ts";
import type { Refusal } from "../errors/refusal.ts";
import type { RefusedError } from "./body.ts";
import type { RequestIds } from "./request_ids.ts";
import type { InstancePool } from "../upstream/connection_pool.ts";

/** Where a request goes. */
export interface Destination {
  /** Its key; undefined for a call of the control API, which has one way to go. */
  readonly key: string | undefined;
  /** Whom it is sent to first; undefined where that one is not ready. */
  readonly first: InstancePool | undefined;
}

const NOWHERE: Destination = { key: undefined, first: undefined };

/** A request, and the bytes that go to whichever replica it is sent to. */
export class ProxyRequest {
  readonly method: string;
  /** Minor version of the client's HTTP/1. */
  readonly minor: 0 | 1;
  /** Whether the client wants to keep its connection. */
  readonly keepAlive: boolean;
  readonly upgrade: boolean;
  /** Whether its credentials count for the replica's connection that carries it. */
  readonly connectionAuth: boolean;
  /** Where it goes. */
  destination: Destination = NOWHERE;
  /** Set where the balancer itself answers, whoever is ready. */
  answer: Refusal | undefined;
  /** The slot that it falls on; -1 where nobody asks for it, and for a call of the control API. */
  slot = -1;
  /** False once a part of the body was sent that is not in the head's buffer: it cannot be repeated. */
  bodyIntact = true;
  /** True from the beginning of an upload until all of the body is sent; it stays where that fails. */
  sendingBody = false;
  /** Whether a final response has begun to go to the client. */
  responding = false;
  /** Why the body is refused, where it turned out to be wrong. */
  bodyFault: RefusedError | undefined;
  /** Its own id. */
  readonly #givenId: string | undefined;
  /** The number of the one that was made for it otherwise. */
  readonly #madeId: number;
  readonly #ids: RequestIds;
  readonly #buffers: BufferPool;
  #out: Buffer;
  /** False once the bytes are in a buffer of their own. */
  #lent = true;
  #length = 0;

  /**
   * @param head the request's head
   * @param givenId its own id; undefined where one is to be made
   * @param ids make one
   * @param buffers lend the buffer that it is put together in
   * @param bytes how long that has to be
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

  /** Its own id, or the one that was made for it; the response carries it. */
  get requestId(): string {
    return this.#givenId ?? this.#ids.text(this.#madeId);
  }

  /** The same as it is sent; valid until another request is asked. */
  get idBytes(): Uint8Array {
    return this.#givenId === undefined ? this.#ids.bytes(this.#madeId) : ascii(this.#givenId);
  }

  /** Where the head, and as much of the body as came with it, is put together. */
  get out(): Buffer {
    return this.#out;
  }

  /** How long it is. */
  get length(): number {
    return this.#length;
  }

  /** Says how long it became. */
  seal(length: number): void {
    this.#length = length;
  }

  /** The bytes to send first, to every replica that is tried. */
  get firstBytes(): Uint8Array {
    return this.#out.subarray(0, this.#length);
  }

  /** Keeps no more memory than it needs, for it may have to wait. Nothing may be writing it. */
  shrink(): void {
    if (this.#out.length <= SMALL_BYTES || !this.#lent) return;
    const own = this.#out.slice(0, this.#length);
    this.release();
    this.#out = own;
    this.#lent = false;
  }

  /** Gives the buffer back. Nothing may be writing it. */
  release(): void {
    if (this.#lent) this.#buffers.give(this.#out);
  }
}
