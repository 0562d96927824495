/**
 * The general path of a client's requests, by promises: it serves all requests that the fast path
 * hands over.
 *
 * @module
 */
import type { ExchangeEnd, StartedAttempt } from "../forward/attempt.ts";
import type { FastPathExit } from "../forward/fast_path.ts";
import { acceptOf, isHead } from "../http1/accept.ts";
import { type Fault, FAULTS } from "../http1/fault.ts";
import { RefusedError } from "../request/body.ts";
import type { ProxyRequest } from "../request/request.ts";
import type { ClientConnection } from "./client_connection.ts";
import type { ClientServices } from "./client_services.ts";
import { HeadReader } from "./head_reader.ts";
import { closeInStages } from "./staged_close.ts";

/** Serves one request after another of one client. */
export class GeneralPath {
  readonly #services: ClientServices;
  readonly #client: ClientConnection;
  /** Created for the first head that does not arrive in one read. */
  #heads: HeadReader | undefined;
  /** Accept of the request whose body is refused. */
  #accept: string | undefined;

  /**
   * @param services services shared by the client connections of one worker
   * @param client the client whose requests it serves
   */
  constructor(services: ClientServices, client: ClientConnection) {
    this.#services = services;
    this.#client = client;
  }

  /**
   * Serves a request that the fast path hands over.
   *
   * @returns whether another request may follow; otherwise the caller closes the connection
   * @throws {Disconnected} the client is gone
   */
  async serve(exit: FastPathExit): Promise<boolean> {
    try {
      if (await this.#serveNext(exit)) return true;
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      await this.#refuse(error.fault);
    }
    await closeInStages(this.#client, this.#services.lingering, this.#services);
    return false;
  }

  /** The head of the next request took too long. */
  onHeadTimeout(): void {
    this.#heads?.interrupt(new RefusedError(FAULTS.timeout));
  }

  /** @returns whether another request may follow */
  async #serveNext({ ended, error, request: parsed, begun }: FastPathExit): Promise<boolean> {
    if (error !== undefined) throw error;
    const request = ended ? undefined : parsed ?? await this.#readRequest();
    if (!request) return false;
    const end = await this.#forward(request, begun);
    if (end === "close" || this.#client.gone || !await this.#readBody()) return false;
    if (this.#services.drain.draining) return false;
    this.#client.rest();
    return true;
  }

  async #forward(request: ProxyRequest, begun: StartedAttempt | undefined): Promise<ExchangeEnd> {
    const { events } = this.#client;
    try {
      const end = await this.#services.routeLoop.forward(this.#client, request, begun);
      events.completed(request.method);
      return end;
    } catch (error) {
      // A request that is refused for its body is counted where it is answered.
      if (!(error instanceof RefusedError)) events.aborted(request.method);
      else this.#accept = acceptOf(request.out, 0, request.length);
      throw error;
    }
  }

  /**
   * The response is over. The part of the request's body that the replica did not take is read all
   * the same, since the next request follows it.
   *
   * @returns whether the body was read to its end
   */
  async #readBody(): Promise<boolean> {
    const client = this.#client;
    const { upload } = client;
    if (!upload) return client.body.complete;
    if (upload.running) await this.#services.lingering.during(client, () => upload.done);
    client.upload = undefined;
    client.refused = !upload.complete;
    return upload.complete;
  }

  /** @returns the next request; undefined when the client sends no more */
  async #readRequest(): Promise<ProxyRequest | undefined> {
    const client = this.#client;
    const { limits, builder } = this.#services;
    this.#heads ??= new HeadReader(client.transport, limits, () => client.startHead());
    const headEnd = await this.#heads.read();
    if (headEnd === -1) return undefined;
    client.work();
    client.events.received();
    // No `await` from here to the exchange: all connections share the parser.
    return builder.build(client, headEnd);
  }

  #refuse({ status, reason }: Fault): Promise<void> {
    const { transport, events } = this.#client;
    const fault = { status, message: reason };
    events.rejected("", { ...fault, reason: "fault" });
    // The head is unread, unless its body is the fault.
    const accept = this.#services.errorPages.chooses({})
      ? this.#accept ?? acceptOf(transport.bytes, transport.start, transport.end)
      : undefined;
    const withBody = !isHead(transport.bytes, transport.start);
    return this.#client.turnAway({ ...fault, close: true, withBody, accept });
  }
}
