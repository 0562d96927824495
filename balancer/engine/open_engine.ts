/**
 * Opens the engine of the settings.
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
import type { SwarmEngine } from "./swarm.ts";

/** An engine, and the reason why it was selected. */
export interface OpenedEngine {
  readonly engine: Engine;
  readonly reason: string;
  /**
   * Networks of the instances in CIDR notation; none if they have no network of their own;
   * undefined before the engine was asked.
   */
  readonly networks: () => readonly string[] | undefined;
  /** Ownership of the fleet; undefined if no other balancer can have it. */
  readonly owner?: FleetOwner;
  /** Removes what the engine created for itself. Call it when no instance is left. */
  readonly dispose: () => Promise<void>;
}

/** Longest wait for a Docker Engine to answer, in milliseconds. */
const DOCKER_ANSWER_MS = 2000;

/** Dependencies of an engine. */
interface OpenOptions {
  /** Records failed background actions. */
  readonly failures: FailureLog;
  /** Called with a line for each step of a slow operation. */
  readonly report: (line: string) => void;
  /** This balancer, as shown to others. */
  readonly self: Owner;
  readonly log: Logger;
  /** The balancer's environment, by name. */
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Opens the engine that `LB_ENGINE` names; `auto` selects docker if its socket answers.
 *
 * @param config the settings
 * @param options dependencies of the engine
 * @throws {Error} the engine of the settings is not available
 */
export async function openEngine(config: Config, options: OpenOptions): Promise<OpenedEngine> {
  switch (config.engine.kind) {
    case "static":
      return plain(new StaticEngine(config.fleet.upstreams), "LB_ENGINE=static");
    case "process":
      return plain(processEngine(config, options), "LB_ENGINE=process");
    case "docker":
      return docker(config, options, "LB_ENGINE=docker");
    case "swarm":
      return await swarm(config, options);
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
      `a Docker Engine answers on ${describeDockerHost(config.engine.dockerHost)}`,
    );
  }
  const keys = Object.keys(config.replica.options);
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
  return owned(config, options, await dockerEngine(config, options), reason);
}

/** An engine on a Docker Engine or a swarm, and the mark of its owner there. */
function owned(
  config: Config,
  { self, log, failures }: OpenOptions,
  docker: DockerEngine | SwarmEngine,
  reason: string,
): OpenedEngine {
  const owner = new FleetOwner({
    api: docker.ownerApi,
    fleet: config.fleet.name,
    self,
    takeOver: config.fleet.takeOver,
    log,
    failures,
  });
  const engine = new OwnedEngine(docker, owner);
  const networks = () => docker.networks;
  return { engine, reason, networks, owner, dispose: () => docker.removeNetwork() };
}

async function swarm(config: Config, options: OpenOptions): Promise<OpenedEngine> {
  const { SwarmEngine } = await import("./swarm.ts");
  const engine = new SwarmEngine({
    ...await containerOptions(config, options),
    prefix: config.engine.containerPrefix || `${config.fleet.name}-`,
    reach: config.engine.reach,
    constraints: config.engine.constraints,
    pollMs: config.engine.pollMs,
    stopGraceMs: config.drain.stopGraceMs,
  });
  await engine.checkManager();
  return owned(config, options, engine, "LB_ENGINE=swarm");
}

/** Returns why Docker cannot be used; `undefined` if it can. */
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
  options: OpenOptions,
  deadlineMs?: number,
): Promise<DockerEngine> {
  // Import the client only if it is used: loading takes 250 ms and 40 MB.
  const { DockerEngine } = await import("./docker.ts");
  return new DockerEngine({
    ...await containerOptions(config, options),
    // Only Linux routes to a bridge network; on other systems the Engine runs in a virtual machine.
    reach: Deno.build.os === "linux" ? "network" : "published",
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
  });
}

/** Options of containers, on one Engine or on many. */
async function containerOptions(config: Config, { failures, report }: OpenOptions) {
  return {
    connection: await dockerConnection(config.engine.dockerHost, {
      verify: config.engine.tlsVerify,
      certPath: config.engine.certPath,
    }),
    fleet: config.fleet.name,
    prefix: containerPrefix(config),
    image: config.replica.image,
    pull: config.engine.pull,
    pullTimeoutMs: config.engine.pullTimeoutMs,
    dockerConfig: config.engine.dockerConfig,
    command: config.replica.command || undefined,
    options: config.replica.options,
    port: config.replica.port,
    env: config.replica.env,
    network: replicaNetwork(config),
    failures,
    onProgress: report,
  };
}

function processEngine(
  config: Config,
  { failures, environment }: OpenOptions,
): ProcessEngine {
  return new ProcessEngine({
    command: config.replica.command || undefined,
    env: config.replica.env,
    inherited: inheritedEnvironment(environment),
    user: config.replica.user ?? undefined,
    host: "127.0.0.1",
    sockets: config.replica.sockets || undefined,
    failures,
  });
}
