/**
 * One request to one replica over pooled HTTP/1.1 connections.
 *
 * @module
 */
import http from "node:http";
import type { Socket } from "node:net";
import type { Upstream } from "../view.ts";
import type { Field } from "./fields.ts";
import { isIdempotent, UpstreamError } from "./retry.ts";

/** A request on its way to a replica. */
export interface OutgoingRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly fields: readonly Field[];
  readonly body: OutgoingBody | undefined;
  /** Aborts the exchange, also while the response is being read. */
  readonly signal: AbortSignal;
}

/** A body that can be sent once. */
export class OutgoingBody {
  #intact = true;

  constructor(readonly stream: ReadableStream<Uint8Array>) {}

  /** False once any of it was read. */
  get intact(): boolean {
    return this.#intact;
  }

  /** Hands out the chunks; from now on the body cannot be sent again. */
  open(): ReadableStream<Uint8Array> {
    this.#intact = false;
    return this.stream;
  }
}

/** How long a replica may take, in milliseconds. */
export interface Patience {
  /** To accept a connection. */
  readonly connectMs: number;
  /** To begin its response, from the start of the connection on. */
  readonly responseMs: number;
}

/** Connections to replicas. */
export class UpstreamPool {
  readonly #agent = new http.Agent({ keepAlive: true, maxFreeSockets: 256 });
  readonly #patience: Patience;

  constructor(patience: Patience) {
    this.#patience = patience;
  }

  /**
   * Sends a request and resolves with the head of its response.
   *
   * @throws {UpstreamError} before the response began
   */
  async exchange(upstream: Upstream, request: OutgoingRequest): Promise<http.IncomingMessage> {
    const outgoing = http.request({
      // A pooled connection may be closed by its server just as it is used again. A request that
      // could not be repeated then gets a connection of its own.
      agent: isIdempotent(request.method) ? this.#agent : false,
      host: upstream.address.hostname,
      port: upstream.address.port,
      method: request.method,
      path: request.target,
      headers: request.fields.flat(),
    });
    const exchange = new Exchange(outgoing, request.signal, this.#patience);
    return await exchange.run(request.body);
  }

  /** Closes every connection. */
  close(): void {
    this.#agent.destroy();
  }
}

/** The life of one outgoing request until its response begins. */
class Exchange {
  readonly #outgoing: http.ClientRequest;
  readonly #connected = Promise.withResolvers<void>();
  readonly #response = Promise.withResolvers<http.IncomingMessage>();
  readonly #patience: Patience;
  #isConnected = false;
  #isReused = false;
  #timedOut = false;

  constructor(outgoing: http.ClientRequest, signal: AbortSignal, patience: Patience) {
    this.#outgoing = outgoing;
    this.#patience = patience;
    const abort = () => outgoing.destroy();
    signal.addEventListener("abort", abort);
    outgoing.once("close", () => signal.removeEventListener("abort", abort));
    outgoing.once("socket", (socket) => this.#onSocket(socket));
    outgoing.once("response", (response) => this.#response.resolve(response));
    outgoing.on("error", (error) => this.#fail(error));
    outgoing.once("close", () => this.#fail(new Error("connection closed")));
    // A failure is reported once, by whichever of the two is awaited.
    this.#connected.promise.catch(() => {});
    this.#response.promise.catch(() => {});
  }

  async run(body: OutgoingBody | undefined): Promise<http.IncomingMessage> {
    const { connectMs, responseMs } = this.#patience;
    const connectTimer = setTimeout(
      () => this.#giveUp(`no connection in ${connectMs} ms`),
      connectMs,
    );
    const responseTimer = setTimeout(
      () => this.#giveUp(`no answer in ${responseMs} ms`),
      responseMs,
    );
    try {
      // The body stays untouched until there is a connection, so that a refused one costs nothing.
      await this.#connected.promise;
      clearTimeout(connectTimer);
      if (body) this.#pump(body.open());
      else this.#outgoing.end();
      return await this.#response.promise;
    } finally {
      clearTimeout(connectTimer);
      clearTimeout(responseTimer);
    }
  }

  async #pump(body: ReadableStream<Uint8Array>): Promise<void> {
    try {
      for await (const chunk of body) {
        if (this.#outgoing.destroyed) return;
        if (!this.#outgoing.write(chunk)) await this.#drained();
      }
      this.#outgoing.end();
    } catch (error) {
      // The client went away or sent a broken body: the replica must not take it for a whole one.
      this.#outgoing.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#outgoing.off("drain", done).off("close", done);
        resolve();
      };
      this.#outgoing.on("drain", done).on("close", done);
    });
  }

  #onSocket(socket: Socket): void {
    this.#isReused = this.#outgoing.reusedSocket;
    // Deno's client would send a request of any method a second time when a reused connection
    // breaks, unseen by us. Whether that may be is decided by shouldRetry, so it must not know.
    this.#outgoing.reusedSocket = false;
    const connected = () => {
      this.#isConnected = true;
      this.#connected.resolve();
    };
    if (socket.connecting) socket.once("connect", connected);
    else connected();
  }

  #giveUp(reason: string): void {
    this.#timedOut = true;
    this.#outgoing.destroy(new Error(reason));
  }

  #fail(error: Error): void {
    const failure = new UpstreamError(
      this.#kind(error),
      this.#isConnected ? "maybe" : "no",
      this.#isReused,
      error.message,
      { cause: error },
    );
    this.#connected.reject(failure);
    this.#response.reject(failure);
  }

  #kind(error: Error): UpstreamError["kind"] {
    if (this.#timedOut) return this.#isConnected ? "timeout" : "refused";
    const code = "code" in error ? String(error.code) : "";
    if (code.startsWith("HPE_")) return "malformed";
    return this.#isConnected ? "reset" : "refused";
  }
}
