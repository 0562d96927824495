/**
 * A connection of a client over TLS: decrypts what it reads, encrypts what it writes.
 *
 * Bytes are decrypted in the buffer into which they were read, so that an idle connection has no
 * buffer beside that of its {@linkcode Connection}.
 *
 * @module
 */
import { free } from "./buffers.ts";
import type { ByteStream } from "./byte_stream.ts";
import type { Socket } from "./socket.ts";
import { MOST_SENT, type TlsEngine } from "./tls_engine.ts";

const NOTHING = new Uint8Array(0);

const SENT_NOTHING = Promise.resolve(0);

/** Encrypts and decrypts one connection whose handshake is complete. */
export class TlsStream implements ByteStream, Socket {
  readonly #connection: Pick<ByteStream, "closeWrite" | "close">;
  readonly #socket: Socket;
  readonly #engine: TlsEngine;
  #plain: Uint8Array;
  /** The buffer of the read under way. */
  #into: Uint8Array | undefined;
  /** The encrypted bytes that are being written. */
  #out: Uint8Array = NOTHING;
  #writing = false;
  /** Set if reads may have produced bytes to send during the write. */
  #due = false;
  /** Number of bytes whose encryption is being written. */
  #part = 0;
  /** Created only for a caller that waits for the end of the write. */
  #idle: PromiseWithResolvers<void> | undefined;
  #notified = false;
  #closed = false;

  /**
   * @param connection the connection below
   * @param socket its reads and writes
   * @param engine the engine, after the handshake
   */
  constructor(
    connection: Pick<ByteStream, "closeWrite" | "close">,
    socket: Socket,
    engine: TlsEngine,
  ) {
    this.#connection = connection;
    this.#socket = socket;
    this.#engine = engine;
    this.#plain = engine.takePlain();
  }

  /**
   * Reads decrypted bytes.
   *
   * @returns number of bytes; 0 at the end of the peer's side. An end without close_notify counts as
   *   an end, too: messages of HTTP carry their length, or are chunked
   * @throws {Error} the connection broke, was closed locally, or its bytes are not TLS
   */
  read(into: Uint8Array): Promise<number> {
    const { ended, failure } = this.#engine;
    if (this.#plain.length > 0) return Promise.resolve(this.#copy(into));
    if (ended) return Promise.resolve(0);
    if (failure) return Promise.reject(failure);
    this.#into = into;
    return this.#socket.read(into).then(this.#onRead);
  }

  readonly #onRead = (count: number): number | Promise<number> => {
    const into = this.#into!;
    const engine = this.#engine;
    if (count === 0 || this.#closed) return 0;
    engine.receive(into.subarray(0, count));
    this.#flush();
    this.#plain = engine.takePlain();
    if (this.#plain.length > 0) return this.#copy(into);
    if (engine.failure) throw engine.failure;
    if (engine.ended) return 0;
    // A part of a record, or a message of TLS itself.
    return this.#socket.read(into).then(this.#onRead);
  };

  #copy(into: Uint8Array): number {
    const plain = this.#plain;
    const count = plain.length;
    if (count > into.length) return this.#copyPart(into);
    into.set(plain);
    this.#plain = NOTHING;
    free(plain);
    return count;
  }

  #copyPart(into: Uint8Array): number {
    into.set(this.#plain.subarray(0, into.length));
    this.#plain = this.#plain.subarray(into.length);
    return into.length;
  }

  /**
   * Encrypts bytes and writes them; no other write may be under way.
   *
   * @returns number of bytes written: a large part of them, or all
   * @throws {Error} the connection broke, or was closed locally
   */
  write(bytes: Uint8Array): Promise<number> {
    if (this.#closed) {
      return Promise.reject(new Deno.errors.BadResource("the connection is closed"));
    }
    if (bytes.length === 0) return this.#socket.write(bytes);
    if (this.#writing) return this.#whenIdle().then(() => this.write(bytes));
    const { failure } = this.#engine;
    if (failure) return Promise.reject(failure);
    const part = bytes.length > MOST_SENT ? bytes.subarray(0, MOST_SENT) : bytes;
    this.#engine.send(part);
    return this.#send(part.length);
  }

  /** Writes encrypted bytes that the engine produced itself: alerts, key updates. */
  #flush(): void {
    if (this.#writing) this.#due = true;
    // The next read or write reports a connection that broke.
    else this.#send(0).catch(() => {});
  }

  /** Writes the engine's output. @param part is returned; no promise is created but the last one */
  #send(part: number): Promise<number> {
    const out = this.#out = this.#engine.take();
    if (out.length === 0) return SENT_NOTHING;
    this.#writing = true;
    this.#part = part;
    return this.#socket.write(out).then(this.#onWritten, this.#onUnwritten);
  }

  readonly #onWritten = (count: number): number | Promise<number> => {
    if (count < this.#out.length || this.#due) return this.#sendRest(count);
    free(this.#out);
    this.#rest();
    return this.#part;
  };

  readonly #onUnwritten = (error: unknown): never => {
    this.#rest();
    throw error;
  };

  async #sendRest(sent: number): Promise<number> {
    try {
      for (let out = this.#out; out.length > 0 && !this.#closed; out = this.#engine.take()) {
        this.#due = false;
        while (sent < out.length) sent += await this.#socket.write(out.subarray(sent));
        sent = 0;
        free(out);
        if (this.#closed) break;
      }
      return this.#part;
    } finally {
      this.#rest();
    }
  }

  /** No write is under way any longer. */
  #rest(): void {
    this.#writing = this.#due = false;
    this.#out = NOTHING;
    const idle = this.#idle;
    this.#idle = undefined;
    idle?.resolve();
  }

  #whenIdle(): Promise<void> {
    return (this.#idle ??= Promise.withResolvers()).promise;
  }

  /** Ends this side with close_notify; the peer may still send. */
  async closeWrite(): Promise<void> {
    while (this.#writing) await this.#whenIdle();
    if (!this.#closed && !this.#notified) {
      this.#notify();
      await this.#send(0);
    }
    await this.#connection.closeWrite();
  }

  /**
   * Closes the connection. A peer that is not told by close_notify resumes no session; it is sent
   * if the kernel has room for it.
   */
  close(): void {
    if (this.#closed) return;
    if (!this.#writing && !this.#notified && !this.#engine.failure) {
      this.#notify();
      this.#socket.write(this.#engine.take()).catch(() => {});
    }
    this.#closed = true;
    this.#connection.close();
    this.#engine.destroy();
  }

  #notify(): void {
    this.#notified = true;
    this.#engine.closeNotify();
  }
}
