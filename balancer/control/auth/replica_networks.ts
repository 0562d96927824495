/**
 * The addresses that replicas may have. The API is not open to these.
 *
 * @module
 */
import ipaddr from "ipaddr.js";
import { TrustedProxies } from "../../proxy/downstream/trusted_proxies.ts";

/** The networks of the engine's instances. */
export class ReplicaNetworks {
  readonly #read: () => readonly string[] | undefined;
  #listed: readonly string[] | undefined;
  #peers = new TrustedProxies([]);

  /**
   * @param read the networks in CIDR notation, none where instances have no network of their own;
   * undefined as long as the engine does not know them
   */
  constructor(read: () => readonly string[] | undefined) {
    this.#read = read;
  }

  /**
   * Whether an address may be a replica's. While the networks are unknown, every address but those
   * of this machine counts as one. A link-local address on such a network lies outside its range
   * (RFC 4291, section 2.5.6).
   *
   * @param address an IP address, or any other text
   */
  has(address: string): boolean {
    const listed = this.#read();
    if (listed?.length === 0 || !ipaddr.isValid(address)) return false;
    const range = ipaddr.process(address).range();
    if (range === "loopback") return false;
    if (listed === undefined || range === "linkLocal") return true;
    if (listed !== this.#listed) {
      this.#listed = listed;
      this.#peers = new TrustedProxies(listed);
    }
    return this.#peers.has(address);
  }
}
