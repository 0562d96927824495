/**
 * Converts replica options to those of a service (Docker Engine API v1.41, `POST
 * /services/create`). Volumes and secrets name folders and files of the machine that a replica is
 * placed on.
 *
 * @module
 */
import { logOf, mountsOf, type Variables } from "./docker_options.ts";
import { bytesOf, type ReplicaOptions } from "./replica_options.ts";

const NANO = 1e9;
const OCTAL = 8;

/**
 * Returns the options of the container.
 *
 * @param options the replica options
 * @param variables values for the replica
 */
// deno-lint-ignore explicit-module-boundary-types -- the literal is checked where it is used
export function taskContainerOptions(options: ReplicaOptions, variables: Variables) {
  const { user, stopSignal, readOnly, capAdd, capDrop, extraHosts, tmpfs = [] } = options;
  const mounts = [...mountsOf(options, variables), ...tmpfs.map(tmpfsMount)];
  return {
    ...(user === undefined ? {} : { User: user }),
    ...(stopSignal === undefined ? {} : { StopSignal: stopSignal }),
    ...(readOnly === undefined ? {} : { ReadOnly: readOnly }),
    ...(capAdd ? { CapabilityAdd: capAdd.map(fullCapability) } : {}),
    ...(capDrop ? { CapabilityDrop: capDrop.map(fullCapability) } : {}),
    ...(extraHosts ? { Hosts: extraHosts.map(hostLine) } : {}),
    ...(mounts.length > 0 ? { Mounts: mounts } : {}),
  };
}

/** Returns the limits of a task. */
// deno-lint-ignore explicit-module-boundary-types -- the literal is checked where it is used
export function taskLimits({ memory, cpus, pids }: ReplicaOptions) {
  return {
    ...(memory === undefined ? {} : { MemoryBytes: bytesOf(memory) }),
    ...(cpus === undefined ? {} : { NanoCPUs: Math.round(cpus * NANO) }),
    ...(pids === undefined ? {} : { Pids: pids }),
  };
}

/** Returns the log driver of a task. */
export function taskLog(options: ReplicaOptions): {
  readonly Name: string;
  readonly Options: Readonly<Record<string, string>>;
} {
  const { Type, Config } = logOf(options);
  return { Name: Type, Options: Config };
}

/** Swarm compares the whole names of capabilities. */
function fullCapability(name: string): string {
  return name === "ALL" || name.startsWith("CAP_") ? name : `CAP_${name}`;
}

/** `NAME:ADDRESS` as a line of /etc/hosts. */
function hostLine(text: string): string {
  const at = text.indexOf(":");
  return `${text.slice(at + 1)} ${text.slice(0, at)}`;
}

/** `/path:size=64m,mode=1777` as a mount. */
function tmpfsMount(text: string) {
  const [path = "", options = ""] = text.split(":");
  const words = new Map(
    options.split(",").map((word) => {
      const [key = "", value = ""] = word.split("=");
      return [key, value];
    }),
  );
  const [size, mode] = [words.get("size"), words.get("mode")];
  const TmpfsOptions = {
    ...(size ? { SizeBytes: bytesOf(size) } : {}),
    ...(mode ? { Mode: parseInt(mode, OCTAL) } : {}),
  };
  return { Type: "tmpfs" as const, Target: path, TmpfsOptions };
}
