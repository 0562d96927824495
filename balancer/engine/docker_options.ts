/**
 * Converts replica options to the Engine's container options (Docker Engine API v1.40, `POST
 * /containers/create`).
 *
 * @module
 */
import { FLEET_LABEL } from "./docker_names.ts";
import { bytesOf, filledIn, type ReplicaOptions, volumeOf } from "./replica_options.ts";

/** Values of the variables in volumes, secrets and labels. */
export type Variables = Readonly<Record<string, string>>;

/** Log rotation. Without it the Engine keeps all output of a container. */
const ROTATION = { "max-size": "10m", "max-file": "3" };

const JSON_FILE = "json-file";

/** Log drivers with rotation. */
const ROTATING = [JSON_FILE, "local"];

const NANO = 1e9;

/**
 * Returns the Engine's host options of a container.
 *
 * @param options the replica options
 * @param variables values for the replica
 */
// deno-lint-ignore explicit-module-boundary-types -- the literal is checked where it is used
export function hostOptions(options: ReplicaOptions, variables: Variables) {
  const { memory, cpus, pids, readOnly, capAdd, capDrop, extraHosts } = options;
  return {
    LogConfig: logOf(options),
    ...(memory === undefined ? {} : { Memory: bytesOf(memory) }),
    ...(cpus === undefined ? {} : { NanoCpus: Math.round(cpus * NANO) }),
    ...(pids === undefined ? {} : { PidsLimit: pids }),
    ...(readOnly === undefined ? {} : { ReadonlyRootfs: readOnly }),
    ...(capAdd ? { CapAdd: capAdd } : {}),
    ...(capDrop ? { CapDrop: capDrop } : {}),
    ...(extraHosts ? { ExtraHosts: extraHosts } : {}),
    ...(options.tmpfs ? { Tmpfs: tmpfsOf(options.tmpfs) } : {}),
    ...(options.volumes || options.secrets ? { Mounts: mountsOf(options, variables) } : {}),
  };
}

/** Returns the options that the Engine keeps outside of its host options. */
// deno-lint-ignore explicit-module-boundary-types -- the literal is checked where it is used
export function processOptions({ user, stopSignal }: ReplicaOptions) {
  return {
    ...(user === undefined ? {} : { User: user }),
    ...(stopSignal === undefined ? {} : { StopSignal: stopSignal }),
  };
}

/** Returns the user's own labels. */
export function ownLabels(
  { labels = {} }: ReplicaOptions,
  variables: Variables,
): Record<string, string> {
  const filled = Object.entries(labels).map(([key, text]) => [key, filledIn(text, variables)]);
  return Object.fromEntries(filled);
}

/** Returns the log driver and its options. */
export function logOf({ log }: ReplicaOptions): {
  readonly Type: string;
  readonly Config: Record<string, string>;
} {
  const { driver = JSON_FILE, options = {} } = log ?? {};
  return {
    Type: driver,
    Config: ROTATING.includes(driver) ? { ...ROTATION, ...options } : options,
  };
}

function tmpfsOf(tmpfs: readonly string[]): Record<string, string> {
  return Object.fromEntries(tmpfs.map((text) => {
    const [path = "", options = ""] = text.split(":");
    return [path, options];
  }));
}

/**
 * Returns the volumes and secrets as mounts, not as binds: for a bind the Engine creates a folder
 * if a file is missing.
 */
// deno-lint-ignore explicit-module-boundary-types -- the literal is checked where it is used
export function mountsOf({ volumes = [], secrets = {} }: ReplicaOptions, variables: Variables) {
  const files = Object.entries(secrets).map(([name, path]) => ({
    Type: "bind" as const,
    Source: filledIn(path, variables),
    Target: `/run/secrets/${name}`,
    ReadOnly: true,
  }));
  return [...volumes.map((text) => mountOf(text, variables)), ...files];
}

function mountOf(text: string, variables: Variables) {
  const { source, target, readOnly } = volumeOf(filledIn(text, variables));
  const mount = { Source: source, Target: target, ReadOnly: readOnly };
  if (source.startsWith("/")) return { ...mount, Type: "bind" as const };
  // The Engine puts the label on volumes that it creates here, so that their owner is known.
  const Labels = { [FLEET_LABEL]: variables["FLEET"] ?? "" };
  return { ...mount, Type: "volume" as const, VolumeOptions: { Labels } };
}
