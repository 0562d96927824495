/**
 * The client of a connection: its peer, or the address in its head of the PROXY protocol.
 *
 * @module
 */
import type { ProxySettings } from "../settings.ts";
import { readProxyHead } from "../transport/proxy_head_reader.ts";
import type { TrustedProxies } from "./trusted_proxies.ts";

/** The client of an accepted connection. */
export interface NamedClient {
  /** IP address of the client: the connection's, or the one in its PROXY head. */
  readonly address: string;
  /** Bytes that followed the PROXY head. */
  readonly rest?: Uint8Array;
}

/** Dependencies of {@linkcode ProxyHeads}. */
interface ProxyHeadServices {
  readonly settings: Pick<ProxySettings, "proxyProtocol" | "timeouts">;
  readonly trustedProxies: TrustedProxies;
  /** Whether the worker drains: a connection that ends then is no failure. */
  readonly draining: boolean;
  recordFailure(action: string, error: unknown): void;
}

/** Reads the PROXY heads of trusted proxies. */
export class ProxyHeads {
  readonly #services: ProxyHeadServices;

  /** @param services dependencies */
  constructor(services: ProxyHeadServices) {
    this.#services = services;
  }

  /** The client of a connection; undefined when its PROXY head was missing and it was closed. */
  nameOf(connection: Deno.TcpConn): NamedClient | Promise<NamedClient | undefined> {
    const { hostname } = connection.remoteAddr;
    const { settings, trustedProxies } = this.#services;
    if (!settings.proxyProtocol || !trustedProxies.has(hostname)) return { address: hostname };
    return this.#read(connection, hostname);
  }

  /** The client that a trusted proxy names in its PROXY head. */
  async #read(connection: Deno.TcpConn, hostname: string): Promise<NamedClient | undefined> {
    try {
      const { timeouts } = this.#services.settings;
      const { head, rest } = await readProxyHead(connection, timeouts.head);
      return { address: head.source ?? hostname, rest };
    } catch (error) {
      closeQuietly(connection);
      if (!this.#services.draining) this.#services.recordFailure("proxy.protocol", error);
      return undefined;
    }
  }
}

/** Closes a connection that a deadline may have closed already. */
export function closeQuietly(connection: Pick<Deno.TcpConn, "close">): void {
  try {
    connection.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
