/**
 * The port for messages of the other balancers of a fleet.
 *
 * @module
 */
import type { Cluster } from "./cluster/cluster.ts";
import { type CallerLimit, HttpPeers } from "./cluster/peer_http.ts";
import type { PeerTransport } from "./cluster/peer_transport.ts";
import type { Config } from "./config.ts";
import { apiLimits } from "./config_parts.ts";
import { isLoopback } from "./control/auth/host.ts";
import { FailureLimit } from "./control/auth/rate_limit.ts";
import { ApiServer } from "./control/server/api_server.ts";
import { errorMessage, type FailureLog } from "./failures.ts";
import type { DescriptorBudget } from "./proxy/transport/descriptor_budget.ts";
import { type Address, addressText } from "./view.ts";

/** Dependencies of a {@linkcode PeerPort}. */
interface PeerPortOptions {
  readonly config: Config;
  /** The other balancers; undefined if this one is alone. */
  readonly cluster: Cluster | undefined;
  /** Key of the messages; undefined if this balancer is alone. */
  readonly secret: string | undefined;
  readonly failures: FailureLog;
}

/** Most connections: each balancer opens one or two to each other one. */
const MAX_CONNECTIONS = 256;

/** Part of the lease that one address of a balancer has to answer. */
const ANSWER = 1 / 6;

/** Most addresses that are announced. */
const MAX_ADDRESSES = 8;

/** An open port. */
export class PeerPort {
  readonly transport: PeerTransport;
  readonly #server: ApiServer;

  private constructor(transport: PeerTransport, server: ApiServer) {
    this.transport = transport;
    this.#server = server;
  }

  /**
   * Opens the port, and connects the cluster with it.
   *
   * @param options its dependencies
   * @param files counts the file descriptors of connections
   * @returns undefined if this balancer is alone, or the settings turn messages off
   * @throws {Error} the port cannot be opened; the message names `LB_PEERS`
   */
  static async connect(
    { config, cluster, secret, failures }: PeerPortOptions,
    files: DescriptorBudget,
  ): Promise<PeerPort | undefined> {
    const { fleet: { peers, leaseMs }, listen: { host } } = config;
    if (!cluster || secret === undefined || peers === "off") return undefined;
    const listener = listenAt(peers === "auto" ? { hostname: host, port: 0 } : peers);
    const limit: CallerLimit = new FailureLimit();
    const addresses = addressesOf(listener.addr as Deno.NetAddr);
    const transport = await HttpPeers.open({
      ...{ secret, addresses, limit },
      deadlineMs: Math.round(leaseMs * ANSWER),
    });
    const server = new ApiServer({
      ...{ limits: apiLimits(config), maxConnections: MAX_CONNECTIONS, files, failures },
    });
    server.listen(listener, (request, peer) => {
      return transport.answer(request, "hostname" in peer ? peer.hostname : "");
    });
    cluster.connect(transport);
    return new PeerPort(transport, server);
  }

  /**
   * Closes the port.
   *
   * @param ms milliseconds after which running requests are cut off
   */
  async close(ms: number): Promise<void> {
    this.transport.close();
    await this.#server.close(ms);
  }
}

function listenAt(address: Address): Deno.Listener {
  try {
    return Deno.listen(address);
  } catch (error) {
    const message = `LB_PEERS: cannot listen on ${addressText(address)}: ${errorMessage(error)}`;
    throw new Error(message, { cause: error });
  }
}

/** A wildcard is no address to be called at: those of the machine's interfaces are. */
function addressesOf({ hostname, port }: Deno.NetAddr): string[] {
  const wildcard = hostname === "0.0.0.0" || hostname === "::";
  const hosts = wildcard ? interfaceAddresses(hostname === "::") : [hostname];
  return hosts.slice(0, MAX_ADDRESSES).map((host) => addressText({ hostname: host, port }));
}

/** IPv4 first; loopback only on a machine that has no other address. */
function interfaceAddresses(withIpv6: boolean): string[] {
  const found = Deno.networkInterfaces()
    .filter(({ family }) => withIpv6 || family === "IPv4")
    .map(({ address }) => address)
    // A link-local address (RFC 4291) is of no use without the interface's name.
    .filter((address) => !/^fe[89ab]/i.test(address));
  const outside = found.filter((address) => !isLoopback(address));
  const usable = outside.length > 0 ? outside : found;
  return usable.sort((a, b) => Number(a.includes(":")) - Number(b.includes(":")));
}
