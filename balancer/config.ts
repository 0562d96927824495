/**
 * Reads the environment into a frozen {@linkcode Config}, or throws one error that lists every
 * fault.
 *
 * @module
 */
import type { z } from "zod";
import { replicaEnv, socketEnv } from "../replica/contract.ts";
import { ringCapacity } from "../ring/mod.ts";
import { needsIdentity } from "./engine/replica_options.ts";
import { expandCommand } from "./engine/command.ts";
import { errorMessage } from "./failures.ts";
import type { Setting } from "./settings/setting.ts";
import { deniedSocket, firstDuplicate } from "./upstream_list.ts";
import { type SettingName, SETTINGS, type Settings } from "./settings/settings.ts";
import { type Config, groupSettings } from "./settings/config_groups.ts";
import { unknownNameFaults } from "./settings/unknown_names.ts";

export type { Config };

/** Invalid settings, all in one error. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";

  constructor(readonly faults: readonly string[]) {
    super(faults.join("\n"));
  }
}

/**
 * Reads every setting. An empty variable counts as unset, unless the setting allows empty values.
 *
 * @param env environment variables by name
 * @throws {ConfigError} one line per fault: the variable, the bound and the value; an unknown
 *   variable `LB_...` is a fault, too
 */
export function readConfig(env: Readonly<Record<string, string>>): Config {
  const faults = unknownNameFaults(Object.keys(env), Object.keys(SETTINGS));
  const named = faults.length;
  const values: Partial<Record<SettingName, unknown>> = {};
  for (const [name, setting] of entries()) {
    const parsed = setting.schema.safeParse(textOf(env[name], setting));
    if (parsed.success) values[name] = parsed.data;
    else faults.push(...faultsOf(name, setting, env[name] ?? "", parsed.error));
  }
  if (faults.length === named) faults.push(...contradictions(values as Settings));
  if (faults.length > 0) throw new ConfigError(faults);
  return groupSettings(values as Settings);
}

function entries(): [SettingName, Setting<unknown>][] {
  return Object.entries(SETTINGS) as [SettingName, Setting<unknown>][];
}

function textOf(value: string | undefined, setting: Setting<unknown>): string {
  if (value === undefined) return setting.fallback;
  return value === "" && !setting.emptyCounts ? setting.fallback : value;
}

/** One line if the value as a whole is invalid; one line per field if only fields are. */
function faultsOf(
  name: string,
  setting: Setting<unknown>,
  value: string,
  { issues }: z.ZodError,
): string[] {
  const inside = issues.filter(({ path }) => path.length > 0);
  if (inside.length > 0) {
    return inside.map(({ path, message }) => `${name}: ${path.join(".")}: ${message}`);
  }
  const [issue] = issues;
  if (issue?.code === "unrecognized_keys") return [`${name}: ${issue.message}`];
  const received = setting.secret ? "a value of another form" : JSON.stringify(value);
  return [`${name}: must be ${setting.expects}; got ${received}`];
}

/** Checks settings that are valid alone but conflict with each other. */
function contradictions(config: Settings): string[] {
  const faults: string[] = [];
  const isStatic = config.LB_ENGINE === "static";
  if (isStatic && config.LB_UPSTREAMS.length === 0) {
    faults.push("LB_UPSTREAMS: must name at least one host:port with LB_ENGINE=static; got none");
  }
  faults.push(...upstreamFaults(config));
  if (config.LB_PROXY_PROTOCOL === "on" && config.LB_TRUSTED_PROXIES.length === 0) {
    faults.push("LB_PROXY_PROTOCOL: on needs LB_TRUSTED_PROXIES to name the proxies; got none");
  }
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
  return [
    ...faults,
    ...commandFaults(config),
    ...optionFaults(config),
    ...adminFaults(config),
    ...storeFaults(config),
  ];
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
  if (LB_REPLICA_USER !== null && (LB_ENGINE === "docker" || LB_ENGINE === "static")) {
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

/** Children of one balancer cannot be shared with others. */
function storeFaults({ LB_STORE, LB_ENGINE, LB_STATE_FILE }: Settings): string[] {
  if (LB_STORE === null) return [];
  const faults: string[] = [];
  if (LB_ENGINE !== "docker" && LB_ENGINE !== "static") {
    faults.push(
      `LB_STORE: must be empty unless LB_ENGINE is docker or static; LB_ENGINE is ${LB_ENGINE}, ` +
        `got file:${LB_STORE.folder}`,
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

function adminFaults(config: Settings): string[] {
  const faults: string[] = [];
  for (const name of ["LB_ADMIN_TOKEN", "LB_READ_TOKEN"] as const) {
    if (config[name] === "" || config[`${name}_FILE`] === "") continue;
    faults.push(`${name}, ${name}_FILE: only one of them may be given; got both`);
  }
  if (config.LB_READ_TOKEN !== "" && config.LB_READ_TOKEN === config.LB_ADMIN_TOKEN) {
    faults.push("LB_READ_TOKEN: must be another token than LB_ADMIN_TOKEN; got the same");
  }
  return faults;
}

function ringSettings({ LB_SLOTS, LB_VIRTUAL_SERVERS, LB_LAYOUT }: Settings) {
  return { slots: LB_SLOTS, virtualServers: LB_VIRTUAL_SERVERS, layout: LB_LAYOUT };
}

/**
 * Returns how many replicas of weight 1 fit on the ring of these settings.
 *
 * @param ring the settings of the ring
 */
export function replicaCapacity({ ring }: Pick<Config, "ring">): number {
  const { slots, virtualServers, layout } = ring;
  return ringCapacity({ slots, virtualServers, layout });
}
