/**
 * A replica as a container: its create parameters and its inspection (Docker Engine API v1.40,
 * `POST /containers/create` and `GET /containers/{id}/json`).
 *
 * @module
 */
import { replicaEnv } from "../../replica/contract.ts";
import type { Address } from "../view.ts";
import { expandCommand } from "./command.ts";
import { identityOf, labelsOf, TEMPLATE_LABEL } from "./docker_names.ts";
import { hostOptions, ownLabels, processOptions } from "./docker_options.ts";
import { type ContainerState, endingOf, unhealthyOf } from "./docker_state.ts";
import { EngineError, type Instance, type Launch, type Template } from "./engine.ts";
import type { ReplicaOptions } from "./replica_options.ts";

/** Label with the template of the settings, which differs from the instance's after a deploy. */
export const SETTINGS_LABEL = "ringkeeper.settings";

const LOOPBACK = "127.0.0.1";
const ANY_ADDRESS = "0.0.0.0";

/** Options of the fleet's containers. */
export interface ContainerOptions {
  /** Label value that identifies this fleet's containers. */
  readonly fleet: string;
  /** Prefix of container names; the replica's name follows. */
  readonly prefix: string;
  readonly image: string;
  /** Command line instead of the image's entry point; see {@linkcode expandCommand}. */
  readonly command?: string | undefined;
  /** Limits and attachments of each container. */
  readonly options?: ReplicaOptions;
  /** Port of the service inside its container. */
  readonly port: number;
  /** Environment of each container besides its own name, host and port. */
  readonly env: Readonly<Record<string, string>>;
  /** Network of the containers. */
  readonly network: string;
  /**
   * How the balancer reaches them: by their own addresses on that network, or by ports published on
   * this host's loopback address.
   */
  readonly reach: "network" | "published";
}

/** The fields of an inspected container that are used. */
export interface ContainerInfo {
  readonly Id: string;
  readonly Name: string;
  /** Id of its image. */
  readonly Image: string;
  readonly Config: {
    /** Reference or id that it was created from. */
    readonly Image: string;
    readonly Labels: Readonly<Record<string, string>>;
  };
  readonly State: ContainerState;
  readonly NetworkSettings: {
    readonly Networks: Readonly<Record<string, { readonly IPAddress: string }>>;
    readonly Ports: Readonly<Record<string, readonly { readonly HostPort: string }[] | null>>;
  };
}

/**
 * Returns the create parameters of a replica's container. The fleet restarts instances, not the
 * Engine. No init process is added, because some images must run as process 1.
 *
 * @param options options of the fleet
 * @param launch the instance to start; a spare gets an empty name, which hides one that its image
 *   sets
 * @throws {Error} the command line is invalid; the message is for its author
 */
// deno-lint-ignore explicit-module-boundary-types -- the literal is checked where it is used
export function containerSpec(options: ContainerOptions, launch: Launch) {
  const name = launch.spare ? "" : launch.name;
  const env = { ...options.env, ...replicaEnv(name, ANY_ADDRESS, options.port) };
  const { template } = launch;
  const command = template.command ?? options.command;
  const own = template.options ?? options.options ?? {};
  const variables = { ...replicaEnv(name, ANY_ADDRESS, options.port), FLEET: options.fleet };
  const port = portKey(options);
  return {
    name: options.prefix + launch.name,
    Image: template.imageId ?? template.image ?? options.image,
    Env: Object.entries(env).map(([key, value]) => `${key}=${value}`),
    Labels: {
      ...ownLabels(own, variables),
      ...labelsOf(options.fleet, launch),
      ...settingsLabel(options),
    },
    ExposedPorts: { [port]: {} },
    HostConfig: {
      NetworkMode: options.network,
      PortBindings: options.reach === "published" ? { [port]: [{ HostIp: LOOPBACK }] } : {},
      RestartPolicy: { Name: "no" },
      SecurityOpt: ["no-new-privileges"],
      ...hostOptions(own, variables),
    },
    ...processOptions(own),
    // The command replaces the entry point: an image's own entry point would take it as arguments.
    ...(command === undefined ? {} : { Entrypoint: expandCommand(command, env) }),
  };
}

/** Returns the label with the template of the settings. */
export function settingsLabel(
  { image, command, options }: ContainerOptions,
): Record<string, string> {
  return { [SETTINGS_LABEL]: JSON.stringify({ image, command, options }) };
}

/**
 * Returns the networks of a replica's container besides the fleet's own.
 *
 * @param options options of the fleet
 * @param launch the instance to start
 */
export function extraNetworks(options: ContainerOptions, { template }: Launch): readonly string[] {
  return (template.options ?? options.options)?.networks ?? [];
}

/**
 * Converts an inspected container to an instance.
 *
 * @param options options of the fleet
 * @param container the inspected container
 * @returns undefined if it does not run, or has no address on the fleet's network
 */
export function instanceOf(
  options: ContainerOptions,
  container: ContainerInfo,
): Instance | undefined {
  const { Id, Name, Config, State, NetworkSettings } = container;
  const identity = identityOf(options.prefix, Name, Config.Labels);
  const address = addressOf(options, NetworkSettings);
  if (!State.Running || !identity || !address) return undefined;
  const startedAt = Date.parse(State.StartedAt);
  const settings = templateFromLabel(Config.Labels[SETTINGS_LABEL]);
  const unhealthy = unhealthyOf(State);
  return {
    ...{ id: Id, ...identity, address, startedAt, template: templateOf(container) },
    ...(settings === undefined ? {} : { settings }),
    ...(unhealthy === undefined ? {} : { unhealthy }),
  };
}

/** Returns the template of a container's label. Containers of older balancers have none. */
function templateOf({ Image, Config }: ContainerInfo): Template {
  const template = templateFromLabel(Config.Labels[TEMPLATE_LABEL]) ?? { image: Config.Image };
  return { ...template, imageId: Image };
}

/** Reads a template from a label; undefined if it is missing or invalid. */
export function templateFromLabel(label: string | undefined): Template | undefined {
  try {
    const value: unknown = label === undefined ? undefined : JSON.parse(label);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    // Anyone can write labels: an invalid one must not hide the other containers.
    return undefined;
  }
}

/**
 * Creates the error of a container that was started but does not run.
 *
 * @param name the replica's name
 * @param container the inspected container; undefined if it no longer exists
 */
export function notRunning(name: string, container: ContainerInfo | undefined): EngineError {
  const state = container?.State;
  const why = !state
    ? "was removed by another client"
    : state.Running
    ? "has no address on its network"
    : `ended at once: ${endingOf(state) ?? state.Status}`;
  return new EngineError("failed", `docker: the container of ${name} ${why}`);
}

function addressOf(
  options: ContainerOptions,
  { Networks, Ports }: ContainerInfo["NetworkSettings"],
): Address | undefined {
  if (options.reach === "published") {
    const port = Number(Ports[portKey(options)]?.[0]?.HostPort ?? 0);
    return port ? { hostname: LOOPBACK, port } : undefined;
  }
  const hostname = Networks[options.network]?.IPAddress;
  return hostname ? { hostname, port: options.port } : undefined;
}

function portKey({ port }: ContainerOptions): string {
  return `${port}/tcp`;
}
