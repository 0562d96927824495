/**
 * The entrances of the API: the data plane, and the API's own port or socket file.
 *
 * @module
 */
import type { ByteStream } from "../../proxy/transport/byte_stream.ts";
import type { Certificate } from "../../proxy/transport/certificate_table.ts";
import { TrustedProxies } from "../../proxy/downstream/trusted_proxies.ts";
import type { Entrance } from "../../settings/values.ts";
import { type Caller, ownCaller, publicCaller } from "../auth/client_identity.ts";
import type { Bindings } from "../auth/middleware.ts";
import { listen } from "./listen.ts";
import { ApiServer, type ApiServerOptions } from "./api_server.ts";

/** Answers a call. */
type Answer = (request: Request, bindings: Bindings) => Response | Promise<Response>;

/** Answers a request of the connected peer. */
type Handler = (request: Request, peer: Deno.Addr) => Promise<Response>;

/** The dependencies of the entrances. */
interface EntranceOptions extends ApiServerOptions {
  /** The API's own port or socket file; null if it has none. */
  readonly own: Entrance | null;
  /** Address that the public port listens on. */
  readonly publicHost: string;
  /** Proxies in front whose `X-Forwarded-For` is trusted, as networks in CIDR notation. */
  readonly trusted: readonly string[];
}

/**
 * All entrances of one balancer. Requests before {@linkcode Entrances.begin} wait for that call.
 */
export class Entrances {
  readonly #publicHost: string;
  readonly #trusted: TrustedProxies;
  readonly #answer = Promise.withResolvers<Answer>();
  readonly #server: ApiServer;
  #own: Deno.Addr | undefined;

  private constructor(options: EntranceOptions) {
    this.#publicHost = options.publicHost;
    this.#trusted = new TrustedProxies(options.trusted);
    this.#server = new ApiServer(options);
  }

  /**
   * Listens.
   *
   * @param options the addresses
   * @throws {ListenError} listening failed
   */
  static async open(options: EntranceOptions): Promise<Entrances> {
    const entrances = new Entrances(options);
    const { own } = options;
    if (!own) return entrances;
    const listener = await listen(own);
    entrances.#own = listener.addr;
    entrances.#server.listen(listener, entrances.#taking(own));
    return entrances;
  }

  /** The API's own port or socket file; undefined if it has none. */
  get own(): Deno.Addr | undefined {
    return this.#own;
  }

  /** Presents other certificates to new connections of the own port. */
  certify(certificates: readonly Certificate[]): void {
    this.#server.certify(certificates);
  }

  /** The number of failed accepts on the own port or socket. */
  get acceptFailures(): number {
    return this.#server.acceptFailures;
  }

  /**
   * Serves a call that the data plane hands over.
   *
   * @param connection a connection from a worker; no other program can open one
   */
  takeOver(connection: ByteStream): void {
    this.#server.serve(connection, (request) => {
      const forwarded = request.headers.get("x-forwarded-for");
      return this.#pass(request, publicCaller(forwarded, this.#publicHost, this.#trusted));
    });
  }

  /**
   * Answers calls from now on.
   *
   * @param answer answers the calls
   */
  begin(answer: Answer): void {
    this.#answer.resolve(answer);
  }

  /**
   * Takes no more calls and lets running ones finish.
   *
   * @param ms milliseconds after which running calls are cut off
   */
  async close(ms: number): Promise<void> {
    await this.#server.close(ms);
  }

  #taking(own: Entrance): Handler {
    return (request, peer) => {
      const address = "hostname" in peer ? peer.hostname : "";
      const forwarded = request.headers.get("x-forwarded-for");
      return this.#pass(request, ownCaller(own, address, forwarded, this.#trusted));
    };
  }

  async #pass(request: Request, caller: Caller): Promise<Response> {
    const answer = await this.#answer.promise;
    return await answer(request, { caller });
  }
}
