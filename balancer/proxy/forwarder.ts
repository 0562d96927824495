/**
 * The data plane: takes requests to the replica that the ring names, and reports what it noticed
 * on the way.
 *
 * @module
 */
import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { STATUS_CODE } from "@std/http/status";
import { failureResponse } from "../reply.ts";
import type { KeySource } from "../setting_values.ts";
import type { DataPlane, Evidence, Upstream, View } from "../view.ts";
import { endToEnd, pairs, requestFields, VIA } from "./fields.ts";
import { InFlight } from "./in_flight.ts";
import { keySlot, requestKey } from "./key.ts";
import { isEvidence, shouldRetry, UpstreamError } from "./retry.ts";
import { OutgoingBody, type OutgoingRequest, type Patience, UpstreamPool } from "./upstream.ts";

/** What a {@linkcode Forwarder} is made of. */
export interface ForwarderOptions {
  readonly keySource: KeySource;
  readonly patience: Patience;
  /** Told of each failure that says something about an instance. */
  readonly report: (evidence: Evidence) => void;
}

/** Seconds after which a client may find a replica again. */
const RETRY_AFTER_S = 1;

/** Routes by the view that was published last. */
export class Forwarder implements DataPlane {
  readonly #options: ForwarderOptions;
  readonly #pool: UpstreamPool;
  readonly #inFlight = new InFlight();
  #view: View | undefined;

  constructor(options: ForwarderOptions) {
    this.#options = options;
    this.#pool = new UpstreamPool(options.patience);
  }

  publish(view: View): void {
    this.#view = view;
  }

  idle(instance: string, deadlineMs: number): Promise<boolean> {
    return this.#inFlight.idle(instance, deadlineMs);
  }

  /**
   * Answers a request with what a replica answers, or with the error that says why none did.
   *
   * @param request the request as it was received
   * @param target its path and query, untouched
   * @param client IP address of the client
   */
  async handle(request: Request, target: string, client: string): Promise<Response> {
    const { headers } = request;
    const requestId = headers.get("x-request-id") || crypto.randomUUID();
    const outgoing = outgoingRequest(request, target, {
      client,
      host: headers.get("host") ?? "",
      requestId,
    });
    const key = requestKey(this.#options.keySource, { requestId, target, client, headers });
    const response = await this.#route(key, outgoing);
    if (!response.headers.has("x-request-id")) response.headers.set("x-request-id", requestId);
    return response;
  }

  /** Closes the connections to the replicas. */
  close(): void {
    this.#pool.close();
  }

  /** One loop over the ring's names, one view from beginning to end. */
  async #route(key: string, request: OutgoingRequest): Promise<Response> {
    const view = this.#view;
    let failure: UpstreamError | undefined;
    for (const name of view?.ring.walk(keySlot(view.ring, key)) ?? []) {
      const upstream = view?.ready.get(name);
      if (!upstream) continue;
      try {
        return await this.#forward(upstream, request);
      } catch (error) {
        failure = asUpstreamError(error);
        if (!shouldRetry(failure, attempted(request))) break;
      }
    }
    return errorResponse(failure);
  }

  /** One replica; a second connection to it where the first one was stale. */
  async #forward(upstream: Upstream, request: OutgoingRequest): Promise<Response> {
    const { name, instance } = upstream;
    for (;;) {
      const leave = this.#inFlight.enter(instance);
      try {
        const answer = await this.#pool.exchange(upstream, request);
        answer.once("close", leave);
        return response(answer, request.method);
      } catch (error) {
        leave();
        const failure = asUpstreamError(error);
        if (request.signal.aborted) throw failure;
        if (isEvidence(failure)) {
          this.#options.report({ name, instance, kind: failure.kind });
          throw failure;
        }
        if (!shouldRetry(failure, attempted(request))) throw failure;
      }
    }
  }
}

function outgoingRequest(
  request: Request,
  target: string,
  origin: { client: string; host: string; requestId: string },
): OutgoingRequest {
  const { method, headers, body, signal } = request;
  const fields = requestFields(headers, origin);
  const length = headers.get("content-length");
  // A body of unknown length is framed anew; one that has a length keeps it (RFC 9112, 6.1).
  if (body && length === null) fields.push(["transfer-encoding", "chunked"]);
  return { method, target, fields, body: body ? new OutgoingBody(body) : undefined, signal };
}

function attempted({ method, body }: OutgoingRequest): { method: string; bodyIntact: boolean } {
  return { method, bodyIntact: body?.intact ?? true };
}

function response(answer: IncomingMessage, method: string): Response {
  const headers = new Headers(endToEnd(pairs(answer.rawHeaders)) as [string, string][]);
  headers.append("via", VIA);
  const status = answer.statusCode ?? STATUS_CODE.BadGateway;
  const bodyless = method === "HEAD" || status === 204 || status === 304;
  if (bodyless) answer.resume();
  const body = bodyless ? null : Readable.toWeb(answer) as ReadableStream<Uint8Array>;
  return new Response(body, { status, headers });
}

function asUpstreamError(error: unknown): UpstreamError {
  if (error instanceof UpstreamError) return error;
  return new UpstreamError("malformed", "maybe", false, String(error), { cause: error });
}

/** The one place that turns a failed route into a status. */
function errorResponse(failure: UpstreamError | undefined): Response {
  if (!failure) {
    return failureResponse(STATUS_CODE.ServiceUnavailable, "no replica is ready; try again", {
      "retry-after": String(RETRY_AFTER_S),
    });
  }
  if (failure.kind === "timeout") {
    return failureResponse(STATUS_CODE.GatewayTimeout, "the replica did not answer in time");
  }
  return failureResponse(STATUS_CODE.BadGateway, `the replica's connection was ${failure.kind}`);
}
