/**
 * A balancer that is reached by raw connections.
 *
 * @module
 */
import { Balancer } from "../balancer.ts";
import { RawConnection } from "./connection.ts";
import type { RawMessage } from "./message.ts";
import type { RawUpstream, ResettingUpstream } from "./upstream.ts";

/**
 * A balancer with one worker in front of raw servers.
 *
 * @param upstreams they are Server1, Server2, ...
 * @param env further settings; without LB_HEALTH_PATH servers are up until a connection cannot be made
 */
export function balancerFor(
  upstreams: readonly (RawUpstream | ResettingUpstream)[],
  env: Record<string, string> = {},
): Promise<RawBalancer> {
  return RawBalancer.for(upstreams.map(({ address }) => address), env);
}

/** The setting that names addresses Server1, Server2, ... */
export function upstreamsOf(addresses: readonly string[]): string {
  return addresses.map((address, at) => `Server${at + 1}=${address}`).join();
}

/** A balancer that tests reach by raw connections. */
export class RawBalancer implements AsyncDisposable {
  constructor(readonly balancer: Balancer) {}

  static async for(
    addresses: readonly string[],
    env: Record<string, string> = {},
    openFiles?: number,
  ): Promise<RawBalancer> {
    return new RawBalancer(
      await Balancer.ready({
        LB_ENGINE: "static",
        LB_UPSTREAMS: upstreamsOf(addresses),
        LB_HEALTH_PATH: "",
        // Tests count connections, and on a slow machine the default passes between two requests.
        LB_UPSTREAM_IDLE_MS: "60000",
        LB_WORKERS: "1",
        LB_DRAIN_MS: "1000",
        LB_DRAIN_STREAMS_MS: "1000",
        ...env,
      }, openFiles),
    );
  }

  get port(): number {
    return Number(new URL(this.balancer.url).port);
  }

  connect(): Promise<RawConnection> {
    return RawConnection.to(this.port);
  }

  /** Sends bytes on a connection of their own, and reads one response. */
  async ask(request: string, method?: string): Promise<RawMessage> {
    using client = await this.connect();
    await client.send(request);
    return await client.response(method);
  }

  /**
   * Resolves when the worker has read all bytes sent before: it has answered a call since. The
   * upstreams do not see it.
   */
  async seen(): Promise<void> {
    await this.ask("GET /rep HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  }

  /** Failures so far. A fault of a peer must not be among them. */
  async failures(): Promise<Readonly<Record<string, number>>> {
    return (await this.balancer.status()).failures;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.balancer[Symbol.asyncDispose]();
  }
}
