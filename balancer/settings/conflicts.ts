/**
 * Conflicts between settings that are valid alone.
 *
 * @module
 */
import { replicaEnv, socketEnv } from "../../replica/contract.ts";
import { ringCapacity } from "../../ring/mod.ts";
import { expandCommand } from "../engine/command.ts";
import { needsIdentity } from "../engine/replica_options.ts";
import { errorMessage } from "../failures.ts";
import { deniedSocket, firstDuplicate } from "../upstream_list.ts";
import type { Settings } from "./settings.ts";
import { tlsFaults } from "./tls_conflicts.ts";
import { upstreamTlsFaults } from "./upstream_tls_conflicts.ts";

/**
 * Checks settings that are valid alone but conflict with each other.
 *
 * @param config the settings by their environment names
 * @returns one line per fault, each beginning with the name of a setting
 */
export function conflictsOf(config: Settings): string[] {
  const faults: string[] = [];
  const isStatic = config.LB_ENGINE === "static";
  if (isStatic && config.LB_UPSTREAMS.length === 0) {
    faults.push("LB_UPSTREAMS: must name at least one host:port with LB_ENGINE=static; got none");
  }
  faults.push(...upstreamFaults(config));
  if (config.LB_PROXY_PROTOCOL === "on" && config.LB_TRUSTED_PROXIES.length === 0) {
    faults.push("LB_PROXY_PROTOCOL: on needs LB_TRUSTED_PROXIES to name the proxies; got none");
  }
  faults.push(...tlsFaults(config), ...upstreamTlsFaults(config));
  return [
    ...faults,
    ...sizeFaults(config),
    ...commandFaults(config),
    ...optionFaults(config),
    ...adminFaults(config),
    ...headerFaults(config),
    ...storeFaults(config),
  ];
}

/** The number of replicas at the start. */
function sizeFaults(config: Settings): string[] {
  const faults: string[] = [];
  const isStatic = config.LB_ENGINE === "static";
  const replicas = isStatic ? config.LB_UPSTREAMS.length : config.LB_REPLICAS;
  if (!isStatic && replicas > config.LB_MAX_REPLICAS) {
    faults.push(
      `LB_REPLICAS: must be at most LB_MAX_REPLICAS (${config.LB_MAX_REPLICAS}); got ${replicas}`,
    );
  }
  const capacity = ringCapacity(ringSettings(config));
  if (replicas > capacity) {
    const source = isStatic ? "LB_UPSTREAMS" : "LB_REPLICAS";
    faults.push(`${source}: the ring has room for ${capacity}; got ${replicas}`);
  }
  return faults;
}

/** Children of one balancer cannot be shared with others. */
function storeFaults({ LB_STORE, LB_ENGINE, LB_STATE_FILE }: Settings): string[] {
  if (LB_STORE === null) return [];
  const faults: string[] = [];
  if (LB_ENGINE === "auto" || LB_ENGINE === "process") {
    faults.push(
      "LB_STORE: must be empty unless LB_ENGINE is docker, static or swarm; LB_ENGINE is " +
        `${LB_ENGINE}, got ${LB_STORE === "swarm" ? "swarm" : `file:${LB_STORE.folder}`}`,
    );
  }
  if (LB_STATE_FILE !== "") {
    faults.push(
      "LB_STORE, LB_STATE_FILE: only one of them may be given, since the store holds the state; " +
        "got both",
    );
  }
  return faults;
}

function headerFaults({ LB_HEALTH_HEADERS, LB_HEALTH_HEADERS_FILE }: Settings): string[] {
  const both = LB_HEALTH_HEADERS_FILE !== "" && Object.keys(LB_HEALTH_HEADERS).length > 0;
  return both ? [bothGiven("LB_HEALTH_HEADERS")] : [];
}

function bothGiven(name: string): string {
  return `${name}, ${name}_FILE: only one of them may be given; got both`;
}

function upstreamFaults({ LB_UPSTREAMS }: Settings): string[] {
  const twice = firstDuplicate(LB_UPSTREAMS);
  if (twice !== undefined) {
    return [`LB_UPSTREAMS: each upstream must have a name of its own; got ${twice} twice`];
  }
  const denied = deniedSocket(LB_UPSTREAMS);
  if (denied !== undefined) return [`LB_UPSTREAMS: ${denied}`];
  if (LB_UPSTREAMS.length === 0 || LB_UPSTREAMS.some(({ weight }) => weight > 0)) return [];
  return ["LB_UPSTREAMS: an upstream of a weight above 0 must remain; got none"];
}

function commandFaults(config: Settings): string[] {
  const { LB_REPLICA_COMMAND, LB_REPLICA_ENV, LB_REPLICA_SOCKETS } = config;
  if (LB_REPLICA_COMMAND === "") return [];
  try {
    const told = LB_REPLICA_SOCKETS === ""
      ? replicaEnv("Server1", "host", 1)
      : socketEnv("Server1", `${LB_REPLICA_SOCKETS}/socket`);
    expandCommand(LB_REPLICA_COMMAND, { ...LB_REPLICA_ENV, ...told });
    return [];
  } catch (error) {
    return [`LB_REPLICA_COMMAND: ${errorMessage(error)}`];
  }
}

/** Options apply to containers only, and options of a single replica not to spares. */
function optionFaults(config: Settings): string[] {
  const { LB_ENGINE, LB_REPLICA_OPTIONS, LB_REPLICA_USER, LB_SPARES } = config;
  const faults: string[] = [];
  if (LB_REPLICA_USER !== null && !["auto", "process"].includes(LB_ENGINE)) {
    const { uid, gid } = LB_REPLICA_USER;
    faults.push(
      `LB_REPLICA_USER: must be empty with LB_ENGINE=${LB_ENGINE}; the user of containers is ` +
        `"user" in LB_REPLICA_OPTIONS; got ${uid}:${gid}`,
    );
  }
  const keys = Object.keys(LB_REPLICA_OPTIONS);
  if (keys.length > 0 && (LB_ENGINE === "process" || LB_ENGINE === "static")) {
    faults.push(
      `LB_REPLICA_OPTIONS: must be empty with LB_ENGINE=${LB_ENGINE}, since every key is an ` +
        `option of containers; got ${keys.join(", ")}`,
    );
  }
  if (LB_SPARES > 0 && needsIdentity(LB_REPLICA_OPTIONS)) {
    faults.push(
      "LB_SPARES: must be 0 where LB_REPLICA_OPTIONS uses $SERVER_NAME or $SERVER_ID, for a " +
        `spare has no name before it stands in; got ${LB_SPARES}`,
    );
  }
  return faults;
}

function adminFaults(config: Settings): string[] {
  const faults: string[] = [];
  for (const name of ["LB_ADMIN_TOKEN", "LB_READ_TOKEN"] as const) {
    if (config[name] !== "" && config[`${name}_FILE`] !== "") faults.push(bothGiven(name));
  }
  if (config.LB_READ_TOKEN !== "" && config.LB_READ_TOKEN === config.LB_ADMIN_TOKEN) {
    faults.push("LB_READ_TOKEN: must be another token than LB_ADMIN_TOKEN; got the same");
  }
  return faults;
}

function ringSettings({ LB_SLOTS, LB_VIRTUAL_SERVERS, LB_LAYOUT }: Settings) {
  return { slots: LB_SLOTS, virtualServers: LB_VIRTUAL_SERVERS, layout: LB_LAYOUT };
}
