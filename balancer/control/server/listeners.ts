/**
 * Where calls come in: through the data plane, and by a port or a socket file of their own.
 *
 * @module
 */
import type { ByteStream } from "../../proxy/transport/byte_stream.ts";
import { TrustedProxies } from "../../proxy/downstream/trusted_proxies.ts";
import type { Entrance } from "../../settings/values.ts";
import { type Caller, ownCaller, publicCaller } from "../auth/client_identity.ts";
import type { Bindings } from "../auth/middleware.ts";
import { listen } from "./listen.ts";
import { ApiServer, type ApiServerOptions } from "./api_server.ts";

/** What answers calls. */
type Answer = (request: Request, bindings: Bindings) => Response | Promise<Response>;

/** Answers a request of the connected peer. */
type Handler = (request: Request, peer: Deno.Addr) => Promise<Response>;

/** What entrances are made of. */
interface EntranceOptions extends ApiServerOptions {
  /** Where calls come in by an entrance of their own; null: nowhere. */
  readonly own: Entrance | null;
  /** Address that the public port listens on. */
  readonly publicHost: string;
  /** Proxies in front whose word about clients counts, as networks in CIDR notation. */
  readonly trusted: readonly string[];
}

/** All entrances of one balancer. Requests before {@linkcode Entrances.begin} wait for it. */
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
   * @param options where
   * @throws {ListenError} listening there is not possible
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

  /** Where calls come in by an entrance of their own; undefined where there is none. */
  get own(): Deno.Addr | undefined {
    return this.#own;
  }

  /** Connections to the own entrance that could not be accepted. */
  get acceptFailures(): number {
    return this.#server.acceptFailures;
  }

  /**
   * Serves a call that the data plane hands over.
   *
   * @param connection a connection from one of its workers: no other program can open one
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
   * @param answer what answers them
   */
  begin(answer: Answer): void {
    this.#answer.resolve(answer);
  }

  /**
   * Takes no more calls and lets those that run finish.
   *
   * @param ms milliseconds after which those that still run are cut off
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
