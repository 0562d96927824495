/**
 * A replica as a container: what it is created from, and what is read back from it (Docker Engine
 * API v1.40, `POST /containers/create` and `GET /containers/{id}/json`).
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

/** Label that carries what the settings said that instances run: a deploy may have brought another. */
const SETTINGS_LABEL = "ringkeeper.settings";

const LOOPBACK = "127.0.0.1";
const ANY_ADDRESS = "0.0.0.0";

/** What the containers are and how they are reached. */
export interface ContainerOptions {
  /** Tells this fleet's containers from all others. */
  readonly fleet: string;
  /** Put before a replica's name to make its container's name. */
  readonly prefix: string;
  readonly image: string;
  /** Command line instead of the image's entry point, see {@linkcode expandCommand}. */
  readonly command?: string | undefined;
  /** What each container may use and what is attached to it. */
  readonly options?: ReplicaOptions;
  /** Port that the service listens on inside its container. */
  readonly port: number;
  /** What each container gets besides its own name, host and port. */
  readonly env: Readonly<Record<string, string>>;
  /** Network that the containers join. */
  readonly network: string;
  /** Their own addresses on that network, or ports published on this host's loopback address. */
  readonly reach: "network" | "published";
}

/** What matters of a container that was inspected. */
export interface ContainerInfo {
  readonly Id: string;
  readonly Name: string;
  /** Id of its image. */
  readonly Image: string;
  readonly Config: {
    /** What it was created from: a reference, or an id. */
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
 * What to create a replica's container from. Restarting is the fleet's work, not the Engine's. No
 * init process is put before the image's own, for some images insist on being process 1.
 *
 * @param options of the fleet
 * @param launch what to start; a spare is told an empty name, which hides one that its image sets
 * @throws {Error} when the command line is none, with a message for whoever wrote it
 */
// deno-lint-ignore explicit-module-boundary-types -- the literal is checked where it is used
export function containerSpec(options: ContainerOptions, launch: Launch) {
  const told = launch.spare ? "" : launch.name;
  const env = { ...options.env, ...replicaEnv(told, ANY_ADDRESS, options.port) };
  const { template } = launch;
  const command = template.command ?? options.command;
  const own = template.options ?? options.options ?? {};
  const variables = { ...replicaEnv(told, ANY_ADDRESS, options.port), FLEET: options.fleet };
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
    // All of the command: an entry point that the image has would take it for its arguments.
    ...(command === undefined ? {} : { Entrypoint: expandCommand(command, env) }),
  };
}

function settingsLabel({ image, command, options }: ContainerOptions): Record<string, string> {
  return { [SETTINGS_LABEL]: JSON.stringify({ image, command, options }) };
}

/**
 * The networks that a replica's container joins beside the fleet's own.
 *
 * @param options of the fleet
 * @param launch what to start
 */
export function extraNetworks(options: ContainerOptions, { template }: Launch): readonly string[] {
  return (template.options ?? options.options)?.networks ?? [];
}

/**
 * Reads an instance from its container.
 *
 * @param options of the fleet
 * @param container as inspected
 * @returns undefined when it does not run, or is not on the fleet's network
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
  const settings = fromLabel(Config.Labels[SETTINGS_LABEL]);
  const unhealthy = unhealthyOf(State);
  return {
    ...{ id: Id, ...identity, address, startedAt, template: templateOf(container) },
    ...(settings === undefined ? {} : { settings }),
    ...(unhealthy === undefined ? {} : { unhealthy }),
  };
}

/** What a container runs, by its label; one that an older balancer made has none. */
function templateOf({ Image, Config }: ContainerInfo): Template {
  const template = fromLabel(Config.Labels[TEMPLATE_LABEL]) ?? { image: Config.Image };
  return { ...template, imageId: Image };
}

function fromLabel(label: string | undefined): Template | undefined {
  try {
    const value: unknown = label === undefined ? undefined : JSON.parse(label);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    // Labels can be written by anyone: one that cannot be read must not hide the other containers.
    return undefined;
  }
}

/**
 * Why a container that was started is no instance.
 *
 * @param name the replica's name
 * @param container as inspected; undefined when it is gone
 */
export function notRunning(name: string, container: ContainerInfo | undefined): EngineError {
  const state = container?.State;
  const why = !state
    ? "was removed by somebody else"
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
