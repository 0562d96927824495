/**
 * The public port before the workers have it, and how it is reached.
 *
 * @module
 */
import type { Address } from "./view.ts";

/** A port that is kept for the workers. */
export class PublicPort {
  readonly address: Address;
  readonly #listener: Deno.TcpListener | undefined;

  /**
   * The workers share their port, so they would not notice another program that shares it, too; and
   * a taken port has to end the balancer before it starts a replica.
   *
   * @param wanted where to listen; port 0 takes a free one
   * @throws {Deno.errors.AddrInUse} somebody has the port
   */
  constructor({ hostname, port }: Address) {
    // One that the system has chosen would be chosen again for others before the workers listen;
    // nobody knows it yet, so nobody connects to this listener.
    const chosen = port === 0;
    const listener = Deno.listen({ hostname, port, reusePort: chosen });
    this.address = { hostname, port: listener.addr.port };
    if (chosen) this.#listener = listener;
    else listener.close();
  }

  /** The workers listen, or never will. */
  release(): void {
    this.#listener?.close();
  }
}

/**
 * Where this machine reaches an address: what listens everywhere does on loopback, too.
 *
 * @param address what is listened on
 * @returns the origin of an HTTP URL
 */
export function originOf({ hostname, port }: Address): string {
  const reached = hostname === "0.0.0.0" ? "127.0.0.1" : hostname === "::" ? "::1" : hostname;
  return `http://${reached.includes(":") ? `[${reached}]` : reached}:${port}`;
}
