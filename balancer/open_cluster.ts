/**
 * Opens the store that several balancers share, where `LB_STORE` names one.
 *
 * @module
 */
import { systemClock } from "./clock.ts";
import { Cluster } from "./cluster/cluster.ts";
import { FileStores } from "./cluster/file_store.ts";
import { ABSENT, type SharedStore, type SharedStores } from "./cluster/shared_store.ts";
import { SwarmStores } from "./cluster/swarm_store.ts";
import type { Config } from "./config.ts";
import { dockerConnection } from "./engine/docker_connection.ts";
import { errorMessage, type FailureLog } from "./failures.ts";

/** This balancer as one of several. */
interface OpenedCluster {
  readonly cluster: Cluster;
  /** Id that all balancers of the store have in common, unique for each store. */
  readonly id: string;
  /** Key of messages between the balancers of the store. */
  readonly secret: string;
}

/**
 * Opens the shared store.
 *
 * @param config the settings
 * @param failures records failed background actions
 * @returns undefined if this balancer is alone
 * @throws {Error} the store cannot be used; the message names `LB_STORE`
 */
export async function openCluster(
  config: Config,
  failures: FailureLog,
): Promise<OpenedCluster | undefined> {
  const { store, leaseMs } = config.fleet;
  if (!store) return undefined;
  const stores = store === "swarm"
    ? await openSwarm(config, failures)
    : await FileStores.open(store.folder, failures);
  const self = {
    id: crypto.randomUUID().slice(0, 8),
    host: Deno.hostname(),
    pid: Deno.pid,
  };
  const id = await common(stores.open("id"), () => crypto.randomUUID());
  const secret = await common(stores.open("peer-secret"), makeSecret);
  const cluster = new Cluster({ self, stores, clock: systemClock, leaseMs, failures });
  return { cluster, id, secret };
}

/** Most of the lease that one call to the swarm may take. */
const SWARM_ANSWER = 1 / 2;

/** Longest time that one call to the swarm may take, in milliseconds. */
const SWARM_ANSWER_MS = 1500;

/** Interval in which all values are looked at, beside the swarm's events. */
const SWARM_POLL_MS = 2000;

async function openSwarm(config: Config, failures: FailureLog): Promise<SharedStores> {
  const { engine: { dockerHost, tlsVerify: verify, certPath }, fleet: { name, leaseMs } } = config;
  // Import the client only if it is used: loading takes 250 ms and 40 MB.
  const { SwarmConfigs } = await import("./engine/swarm_configs.ts");
  const connection = await dockerConnection(dockerHost, { verify, certPath });
  const api = new SwarmConfigs(connection, Math.min(SWARM_ANSWER_MS, leaseMs * SWARM_ANSWER));
  try {
    return await SwarmStores.open({ api, fleet: name, pollMs: SWARM_POLL_MS, failures });
  } catch (error) {
    throw new Error(`LB_STORE: swarm: ${errorMessage(error)}`, { cause: error });
  }
}

/** 256 bits. */
function makeSecret(): string {
  return crypto.getRandomValues(new Uint8Array(32)).toHex();
}

/** A value that the first balancer chooses. */
async function common(store: SharedStore, make: () => string): Promise<string> {
  const made = make();
  const known = (await store.load())?.value;
  if (known !== undefined) return known;
  if ((await store.save(made, ABSENT)).done) return made;
  return (await store.load())?.value ?? made;
}
