/**
 * Limits and attachments of a container: the keys of `LB_REPLICA_OPTIONS` and of a deploy's
 * `options`.
 *
 * @module
 */
import ipaddr from "ipaddr.js";
import { z } from "zod";
import { describe, received, shown } from "../fault.ts";

const MIB = 2 ** 20;
const UNITS: Record<string, number> = { "": 1, b: 1, k: 2 ** 10, m: MIB, g: 2 ** 30 };

/** Smallest amount of memory that the Engine accepts. */
const LEAST_MEMORY = 6 * MIB;

/** Variables that volumes, secrets and labels may contain. */
const OPTION_VARIABLES = ["FLEET", "SERVER_ID", "SERVER_NAME"] as const;

/** The variables whose value differs between replicas. */
const IDENTITY = /\$\{?SERVER_(?:NAME|ID)\b/;

const VARIABLE = /\$(?:\{(\w*)\}|(\w*))/g;

const VOLUME_RULE = "must be VOLUME:/path or /host/path:/path, with :ro or :rw behind it or not, " +
  `and no variables but ${OPTION_VARIABLES.map((name) => `$${name}`).join(", ")}`;
const VOLUME = /^(?:\/[^:]*|[A-Za-z0-9][A-Za-z0-9_.-]*):\/[^:]*(?::r[ow])?$/;

const EXAMPLE = '{"memory":"512m","cpus":1.5}';

/**
 * Schema of a list of texts.
 *
 * @param isRight checks one of them
 * @param rule completes "must be ..."
 */
function listOf(isRight: (text: string) => boolean, rule: string) {
  const one = z.string({ error: received(rule) }).refine(isRight, { error: received(rule) });
  return z.array(one, { error: received("must be a list, each of which " + rule) });
}

function matching(pattern: RegExp, rule: string) {
  return z.string({ error: received(rule) }).regex(pattern, { error: received(rule) });
}

function numberFrom(min: number, max: number) {
  const error = received(`must be a number from ${min} to ${max}`);
  return z.number({ error }).min(min, { error }).max(max, { error });
}

const MEMORY_RULE = received("must be at least 6m: bytes, or a number with k, m or g");
const memory = z.union([z.number(), z.string()], { error: MEMORY_RULE })
  .refine((amount) => bytesOf(amount) >= LEAST_MEMORY, { error: MEMORY_RULE });

const ABSOLUTE = /^\/[^\0]*$/;
const TMPFS_RULE = "must be /path or /path:options, such as /tmp:size=64m";
const CAPABILITY_RULE = "must be ALL or a capability of Linux, such as NET_BIND_SERVICE";
const CAPABILITY = /^(?:CAP_)?[A-Z][A-Z0-9_]+$/;
const NETWORK_RULE = "must be the name of a network";
const HOST_RULE = "must be NAME:ADDRESS, an IP address or host-gateway";
const LABEL_RULE = received("must be a text, and no key may begin with ringkeeper.");
const SECRET_RULE = "must be an absolute path on the Engine's machine";

const shape = {
  memory: memory.describe("Most memory: bytes, or a number with k, m or g").exactOptional(),
  cpus: numberFrom(0.01, 1024).describe("Processors, in parts of one").exactOptional(),
  pids: z.int({ error: received("must be a whole number from 1 to 4194304") })
    .min(1, { error: received("must be a whole number from 1 to 4194304") })
    .max(4194304, { error: received("must be a whole number from 1 to 4194304") })
    .describe("Most processes and threads").exactOptional(),
  volumes: listOf(isVolume, VOLUME_RULE)
    .describe("Named volumes and folders of the Engine's machine; $SERVER_NAME gives each its own")
    .exactOptional(),
  tmpfs: listOf((text) => /^\/[^:]*(?::[\w=,%.-]+)?$/.test(text), TMPFS_RULE)
    .describe("File systems in memory").exactOptional(),
  readOnly: z.boolean({ error: received("must be true or false") })
    .describe("Whether the image's own files are read-only").exactOptional(),
  capAdd: listOf((text) => CAPABILITY.test(text), CAPABILITY_RULE)
    .describe("Capabilities beyond the Engine's default").exactOptional(),
  capDrop: listOf((text) => CAPABILITY.test(text), CAPABILITY_RULE)
    .describe("Capabilities to take away").exactOptional(),
  user: matching(/^[^\s:]+(?::[^\s:]+)?$/, "must be USER or USER:GROUP, by name or number")
    .describe("User and group of the process").exactOptional(),
  networks: listOf((text) => /^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(text), NETWORK_RULE)
    .describe("Networks to join beside LB_DOCKER_NETWORK; they have to exist").exactOptional(),
  extraHosts: listOf(isHost, HOST_RULE).describe("Lines of /etc/hosts").exactOptional(),
  labels: z.record(
    z.string().regex(/^(?!ringkeeper\.)[^\s]+$/),
    z.string({ error: LABEL_RULE }),
    { error: LABEL_RULE },
  ).describe("Labels beside the balancer's own").exactOptional(),
  log: z.strictObject({
    driver: matching(/^[\w.\/:-]+$/, "must be the name of a log driver").exactOptional(),
    options: z.record(z.string(), z.string({ error: received("must be a text") }), {
      error: received('must be an object of texts, such as {"max-size":"10m"}'),
    }).exactOptional(),
  }, { error: describe("driver and options", '{"driver":"local"}') })
    .describe("Log driver; json-file with 3 files of 10 MB unless given").exactOptional(),
  stopSignal: matching(/^(?:SIG[A-Z0-9+-]+|[1-9]\d?)$/, "must be a signal, such as SIGQUIT")
    .describe("Signal that asks the process to end, instead of the image's").exactOptional(),
  secrets: z.record(
    matching(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/, "must be a file name of letters, digits, ., _ and -"),
    z.string({ error: received(SECRET_RULE) })
      .refine((path) => ABSOLUTE.test(path) && hasKnownVariables(path), {
        error: received(SECRET_RULE),
      }),
    { error: received(`must be an object of names and paths, each of which ${SECRET_RULE}`) },
  ).describe("Files of the Engine's machine that are read at /run/secrets/NAME").exactOptional(),
};

/** Schema of replica options. Each error names the key, the bound and the value received. */
export const replicaOptions = z.strictObject(shape, {
  error: describe(Object.keys(shape).join(", "), EXAMPLE),
}).superRefine((options, context) => {
  const targets = new Set<string>();
  for (const [path, target] of targetsOf(options)) {
    if (targets.has(target)) {
      const message = `must use each path of the container once; got ${shown(target)} twice`;
      context.addIssue({ code: "custom", path: [path], message });
    }
    targets.add(target);
  }
});

/** Limits and attachments of a container. */
export type ReplicaOptions = z.output<typeof replicaOptions>;

/**
 * Reports whether the options depend on the replica's name, which a spare does not have.
 *
 * @param options options of the containers
 */
export function needsIdentity({ volumes = [], secrets = {} }: ReplicaOptions): boolean {
  return [...volumes, ...Object.values(secrets)].some((text) => IDENTITY.test(text));
}

/**
 * Converts an amount of memory to bytes.
 *
 * @param amount bytes, or a number with `k`, `m` or `g`, multiples of 1024
 * @returns `NaN` for any other text
 */
export function bytesOf(amount: number | string): number {
  const [, digits, unit = ""] = /^(\d{1,15}(?:\.\d{1,6})?)([bkmg]?)$/i.exec(String(amount)) ?? [];
  return Math.floor(Number(digits) * (UNITS[unit.toLowerCase()] ?? NaN));
}

/**
 * Replaces variables.
 *
 * @param text text with `$NAME` and `${NAME}`
 * @param values values by name
 */
export function filledIn(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(VARIABLE, (all, braced, plain) => values[braced ?? plain] ?? all);
}

/** A volume: source, path in the container, and access. */
interface Volume {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

/**
 * Parses a volume.
 *
 * @param text `source:/path[:ro]`, with its variables replaced
 */
export function volumeOf(text: string): Volume {
  const [source = "", target = "", mode] = text.split(":");
  return { source, target, readOnly: mode === "ro" };
}

function isVolume(text: string): boolean {
  if (!hasKnownVariables(text)) return false;
  return VOLUME.test(text.replaceAll(VARIABLE, "x"));
}

function hasKnownVariables(text: string): boolean {
  return [...text.matchAll(VARIABLE)].every(([, braced, plain]) =>
    OPTION_VARIABLES.some((name) => name === (braced ?? plain))
  );
}

function isHost(text: string): boolean {
  const [, address = ""] = /^[A-Za-z0-9_.-]+:(.+)$/.exec(text) ?? [];
  const isAddress = ipaddr.IPv4.isValidFourPartDecimal(address) || ipaddr.IPv6.isValid(address);
  return address === "host-gateway" || isAddress;
}

function targetsOf({ volumes = [], tmpfs = [], secrets = {} }: ReplicaOptions) {
  return [
    ...volumes.map((text) => ["volumes", volumeOf(text).target] as const),
    ...tmpfs.map((text) => ["tmpfs", text.split(":")[0] ?? ""] as const),
    ...Object.keys(secrets).map((name) => ["secrets", `/run/secrets/${name}`] as const),
  ];
}
