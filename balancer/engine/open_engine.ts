/**
 * The engine that the settings ask for.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";
import type { Config } from "../config.ts";
import type { FailureLog } from "../failures.ts";
import type { DockerEngine } from "./docker.ts";
import { describeDockerHost, dockerConnection } from "./docker_connection.ts";
import { type Engine, EngineError } from "./engine.ts";
import { containerPrefix, replicaNetwork } from "./fleet_names.ts";
import { FleetOwner, type Owner } from "./fleet_owner.ts";
import { OwnedEngine } from "./owned_engine.ts";
import { inheritedEnvironment } from "./inherited_environment.ts";
import { ProcessEngine } from "./process.ts";
import { StaticEngine } from "./static.ts";

/** An engine and why it is this one. */
export interface OpenedEngine {
  readonly engine: Engine;
  readonly reason: string;
  /**
   * Networks of the instances in CIDR notation, none where they have no network of their own;
   * undefined as long as the engine was not asked.
   */
  readonly networks: () => readonly string[] | undefined;
  /** Who has the fleet; undefined where no other balancer could. */
  readonly owner?: FleetOwner;
  /** For the very end, when no instance is left: removes what the engine made for itself. */
  readonly dispose: () => Promise<void>;
}

/** How long a Docker Engine may take to show that it is there, in milliseconds. */
const DOCKER_ANSWER_MS = 2000;

/** Where an engine reports. */
export interface OpenOptions {
  /** Takes note of failed background work. */
  readonly failures: FailureLog;
  /** Given a line for each step of what takes long. */
  readonly report: (line: string) => void;
  /** This balancer, as others see it. */
  readonly self: Owner;
  readonly log: Logger;
  /** The balancer's environment, by name. */
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Opens the engine that `LB_ENGINE` names; `auto` is docker where its socket answers.
 *
 * @param config the settings
 * @param options where the engine reports
 * @throws {Error} the settings need an engine that is not there
 */
export async function openEngine(config: Config, options: OpenOptions): Promise<OpenedEngine> {
  switch (config.LB_ENGINE) {
    case "static":
      return plain(new StaticEngine(config.LB_UPSTREAMS), "LB_ENGINE=static");
    case "process":
      return plain(processEngine(config, options), "LB_ENGINE=process");
    case "docker":
      return docker(config, options, "LB_ENGINE=docker");
    case "auto":
      return await auto(config, options);
  }
}

async function auto(config: Config, options: OpenOptions): Promise<OpenedEngine> {
  const absence = await dockerAbsence(config, options);
  if (absence === undefined) {
    return docker(
      config,
      options,
      `a Docker Engine answers on ${describeDockerHost(config.LB_DOCKER_HOST)}`,
    );
  }
  const keys = Object.keys(config.LB_REPLICA_OPTIONS);
  if (keys.length > 0) {
    throw new Error(
      `LB_REPLICA_OPTIONS: ${keys.join(", ")} are options of containers, and there is no Docker ` +
        `Engine: ${absence}`,
    );
  }
  return plain(processEngine(config, options), `no Docker Engine: ${absence}`);
}

function plain(engine: Engine, reason: string): OpenedEngine {
  return { engine, reason, networks: () => [], dispose: () => Promise.resolve() };
}

async function docker(
  config: Config,
  options: OpenOptions,
  reason: string,
): Promise<OpenedEngine> {
  const docker = await dockerEngine(config, options);
  const { self, log, failures } = options;
  const owner = new FleetOwner({
    api: docker.ownerApi,
    fleet: config.LB_FLEET,
    self,
    takeOver: config.LB_TAKE_OVER,
    log,
    failures,
  });
  const engine = new OwnedEngine(docker, owner);
  const networks = () => docker.networks;
  return { engine, reason, networks, owner, dispose: () => docker.removeNetwork() };
}

/** Why Docker cannot be used; `undefined` where it can. */
async function dockerAbsence(config: Config, options: OpenOptions): Promise<string | undefined> {
  const engine = await dockerEngine(config, options, DOCKER_ANSWER_MS);
  try {
    await engine.list();
    return undefined;
  } catch (error) {
    if (error instanceof EngineError) return error.message;
    throw error;
  } finally {
    await engine.close();
  }
}

async function dockerEngine(
  config: Config,
  { failures, report }: OpenOptions,
  deadlineMs?: number,
): Promise<DockerEngine> {
  // Its client takes a quarter of a second and 40 MB to load: only where it is used.
  const { DockerEngine } = await import("./docker.ts");
  return new DockerEngine({
    connection: await dockerConnection(config.LB_DOCKER_HOST, {
      verify: config.DOCKER_TLS_VERIFY,
      certPath: config.DOCKER_CERT_PATH,
    }),
    fleet: config.LB_FLEET,
    prefix: containerPrefix(config),
    image: config.LB_REPLICA_IMAGE,
    pull: config.LB_PULL,
    pullTimeoutMs: config.LB_PULL_TIMEOUT_MS,
    dockerConfig: config.LB_DOCKER_CONFIG,
    command: config.LB_REPLICA_COMMAND || undefined,
    options: config.LB_REPLICA_OPTIONS,
    port: config.LB_REPLICA_PORT,
    env: config.LB_REPLICA_ENV,
    network: replicaNetwork(config),
    // Only Linux routes to a bridge network; elsewhere the Engine runs in a machine of its own.
    reach: Deno.build.os === "linux" ? "network" : "published",
    failures,
    onProgress: report,
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
  });
}

function processEngine(
  config: Config,
  { failures, environment }: OpenOptions,
): ProcessEngine {
  return new ProcessEngine({
    command: config.LB_REPLICA_COMMAND || undefined,
    env: config.LB_REPLICA_ENV,
    inherited: inheritedEnvironment(environment),
    user: config.LB_REPLICA_USER ?? undefined,
    host: "127.0.0.1",
    sockets: config.LB_REPLICA_SOCKETS || undefined,
    failures,
  });
}
