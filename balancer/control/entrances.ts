/**
 * Where calls come in: through the data plane, and by a port or a socket file of their own.
 *
 * @module
 */
import { STATUS_CODE } from "@std/http/status";
import type { ControlEntrance } from "../proxy/settings.ts";
import { TrustedPeers } from "../proxy/trust.ts";
import { failureBody } from "../reply.ts";
import type { Entrance } from "../settings/values.ts";
import { type Caller, ownCaller, publicCaller } from "./caller.ts";
import type { Bindings } from "./gate.ts";
import { type Handler, listen } from "./listen.ts";

/** What answers calls. */
export type Answer = (request: Request, bindings: Bindings) => Response | Promise<Response>;

/** What entrances are made of. */
export interface EntranceOptions {
  /** Where calls come in by an entrance of their own; null: nowhere. */
  readonly own: Entrance | null;
  /** Address that the public port listens on. */
  readonly publicHost: string;
  /** Proxies in front whose word about clients counts, as networks in CIDR notation. */
  readonly trusted: readonly string[];
}

/** All entrances of one balancer. Whoever comes before {@linkcode Entrances.begin} waits for it. */
export class Entrances {
  readonly #publicHost: string;
  readonly #trusted: TrustedPeers;
  readonly #via = `1.1 ringkeeper-${crypto.randomUUID()}`;
  readonly #answer = Promise.withResolvers<Answer>();
  readonly #inner: Deno.HttpServer<Deno.NetAddr>;
  #own: Deno.HttpServer<Deno.Addr> | undefined;

  private constructor({ publicHost, trusted }: EntranceOptions) {
    this.#publicHost = publicHost;
    this.#trusted = new TrustedPeers(trusted);
    this.#inner = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => this.#takeOver(request),
    );
  }

  /**
   * Listens.
   *
   * @param options where
   * @throws {ListenError} nobody can listen there
   */
  static async open(options: EntranceOptions): Promise<Entrances> {
    const entrances = new Entrances(options);
    const { own } = options;
    if (own) entrances.#own = await listen(own, entrances.#taking(own));
    return entrances;
  }

  /** Where the data plane hands calls over. */
  get inner(): ControlEntrance {
    const { hostname, port } = this.#inner.addr;
    return { hostname, port, via: this.#via };
  }

  /** Where calls come in by an entrance of their own; undefined where there is none. */
  get own(): Deno.Addr | undefined {
    return this.#own?.addr;
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
   * @param ms how long they may take, in milliseconds
   */
  async close(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    const servers = Promise.all([this.#inner.shutdown(), this.#own?.shutdown()]);
    await Promise.race([servers, promise]);
    clearTimeout(timer);
  }

  /** From the data plane. Anyone else on this machine could say of himself what he likes. */
  #takeOver(request: Request): Response | Promise<Response> {
    const { headers } = request;
    if (!headers.get("via")?.endsWith(this.#via)) {
      const message = "this port is for the balancer's own data plane";
      return Response.json(failureBody(message), { status: STATUS_CODE.Forbidden });
    }
    const forwarded = headers.get("x-forwarded-for");
    return this.#pass(request, publicCaller(forwarded, this.#publicHost, this.#trusted));
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
