/**
 * The proxies whose statements about the origin of a request are believed.
 *
 * @module
 */
import ipaddr from "ipaddr.js";

type Network = [ipaddr.IPv4 | ipaddr.IPv6, number];

/** Networks of trusted proxies. */
export class TrustedProxies {
  readonly #networks: readonly Network[];

  /** @param networks in CIDR notation, `10.0.0.0/8` */
  constructor(networks: readonly string[]) {
    this.#networks = networks.map((network) => ipaddr.parseCIDR(network));
  }

  /** Whether an address is in one of the networks. */
  has(address: string): boolean {
    if (this.#networks.length === 0 || !ipaddr.isValid(address)) return false;
    const peer = ipaddr.process(address);
    return this.#networks.some(([network, bits]) =>
      network.kind() === peer.kind() && peer.match(network, bits)
    );
  }
}
