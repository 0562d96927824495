/**
 * The usual small request: all there in one read, sent on a connection that waits for it, answered
 * in one piece. It is served by callbacks that are bound once for a connection; a promise and its
 * async function for each step would cost as much as the work itself. Whatever is not usual is
 * handed over, at whichever point that shows, to the functions that can do everything.
 *
 * @module
 */
import type { Downstream } from "../downstream/client_connection.ts";
import type { Begun } from "./attempt.ts";
import { prepareWhole } from "./build_request.ts";
import { isIdempotent } from "../errors/upstream_error.ts";
import type { Transaction } from "../request/request.ts";
import type { Asker, UpstreamConnection } from "../upstream/connection_pool.ts";
import { type Disconnected, ReaderConflict, type WireWatcher } from "../transport/connection.ts";

/** Where the shortcut ended. */
export interface Handover {
  /** Set where the connection is to be closed. */
  readonly ended?: boolean;
  /** Why a request cannot be taken, or what went wrong. */
  readonly error?: unknown;
  /** A request that is ready to be sent; undefined where the next one was not even parsed. */
  readonly request?: Transaction;
  /** Set where it was sent. */
  readonly begun?: Begun;
}

const ENDED: Handover = { ended: true };

/** What it waits for: nothing, a request, the answer to it, the client's taking that. */
type Step = "aside" | "request" | "answer" | "taking";

/** Serves the usual requests of one client's connection. */
export class Shortcut implements WireWatcher, Asker {
  readonly #client: Downstream;
  #step: Step = "aside";
  #request!: Transaction;
  #upstream!: UpstreamConnection;
  /** Whether the request is sent, and whether something came back: both, in whichever order. */
  #asked = false;
  #answered = false;
  /** What was decided with the response. */
  #keep = false;
  #reusable = false;
  #bodyBytes = 0;

  constructor(client: Downstream) {
    this.#client = client;
    client.wire.watcher = this;
  }

  /** Serves requests as long as they are usual ones; then the client takes over. */
  serve(): void {
    const { gone, wire } = this.#client;
    this.#step = "request";
    if (wire.hasReader) {
      this.#fail(new ReaderConflict("a request is read while another owner reads"));
    } else if (gone) this.#leave(ENDED);
    else this.#next();
  }

  onFill(more: boolean): void {
    if (this.#step !== "request") {
      if (more) this.#client.more();
      else this.#client.end();
    } else if (more) this.#take();
    else this.#leave(ENDED);
  }

  onBreak(): void {
    if (this.#step === "request") this.#leave(ENDED);
    else this.#client.left();
  }

  onAsked(): void {
    this.#asked = true;
    if (this.#answered) this.#answer();
  }

  onUnasked(failure: Disconnected): void {
    this.#handOver(failure);
  }

  onAnswer(): void {
    this.#answered = true;
    if (this.#asked) this.#answer();
  }

  onSent(): void {
    this.#finish(true);
  }

  onUnsent(): void {
    this.#finish(false);
  }

  #next(): void {
    this.#step = "request";
    const { wire } = this.#client;
    if (wire.unread > 0) this.#take();
    else wire.listen();
  }

  /** A failure is not the callback's, where nobody would hear of it, but the connection's. */
  #take(): void {
    try {
      const client = this.#client;
      client.stopwatch.take();
      const request = prepareWhole(client);
      if (!request) return this.#leave({});
      client.work();
      const { first } = request.destination;
      const pool = first && client.body.complete
        ? client.proxy.places.take(request, first)
        : undefined;
      // What is not idempotent could not be sent again, should the connection turn out to be dead.
      const upstream = pool && client.takeIdle(pool, !isIdempotent(request.method));
      if (upstream) return this.#ask(request, upstream);
      // The general way takes a place of its own.
      pool?.inFlight.leave();
      this.#leave({ request });
    } catch (error) {
      this.#fail(error);
    }
  }

  #ask(request: Transaction, upstream: UpstreamConnection): void {
    const client = this.#client;
    this.#step = "answer";
    this.#asked = this.#answered = false;
    this.#request = request;
    this.#upstream = client.upstream = upstream;
    upstream.asker = this;
    upstream.request = request;
    client.proxy.sampler?.asked(upstream);
    client.stopwatch.ask(upstream.pool, true);
    upstream.deadlineAt = client.proxy.responseDeadline(upstream.pool);
    upstream.wire.send(request.out, request.length);
    client.watch();
  }

  #answer(): void {
    try {
      const client = this.#client;
      const request = this.#request;
      const upstream = this.#upstream;
      const response = client.proxy.wholeResponse;
      client.stopwatch.hear();
      if (!response.write(client, request, upstream)) return this.#handOver(undefined);
      const { status, connectionAuth } = client.proxy.responseHead;
      if (connectionAuth || request.connectionAuth) upstream.isPrivate = true;
      client.proxy.noteAnswer(upstream, status);
      client.stopwatch.answer(status);
      this.#step = "taking";
      request.responding = true;
      this.#keep = response.end === "keep";
      this.#reusable = response.reusable;
      this.#bodyBytes = response.bodyBytes;
      upstream.deadlineAt = Infinity;
      client.deadlineAt = client.proxy.responseBodyDeadline();
      client.wire.send(request.out, response.length);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** @param sent whether the client was there to take the response */
  #finish(sent: boolean): void {
    const client = this.#client;
    const upstream = this.#upstream;
    client.upstream = upstream.asker = undefined;
    if (sent && this.#reusable) client.giveBack(upstream);
    else upstream.close();
    upstream.pool.inFlight.leave();
    client.proxy.retryBudget.request(client.proxy.deadlines.now);
    if (!sent) {
      client.stopwatch.abort(this.#request.method);
      return this.#leave(ENDED);
    }
    client.stopwatch.pass(this.#bodyBytes);
    client.stopwatch.finish(this.#request.method);
    this.#request.release();
    if (!this.#keep || client.gone || client.proxy.draining) return this.#leave(ENDED);
    client.rest();
    this.#next();
  }

  /** The request was sent, or should have been; the answer is not a usual one, or did not come. */
  #handOver(failure: Disconnected | undefined): void {
    const upstream = this.#upstream;
    upstream.asker = undefined;
    this.#leave({ request: this.#request, begun: { upstream, failure } });
  }

  #leave(handover: Handover): void {
    this.#step = "aside";
    void this.#client.takeOver(handover);
  }

  #fail(error: unknown): void {
    if (this.#step !== "request") {
      this.#upstream.asker = undefined;
      this.#upstream.pool.inFlight.leave();
    }
    this.#leave({ error });
  }
}
