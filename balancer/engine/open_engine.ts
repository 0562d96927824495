/**
 * The engine that the settings ask for.
 *
 * @module
 */
import type { Config } from "../config.ts";
import type { FailureLog } from "../failures.ts";
import type { DockerEngine } from "./docker.ts";
import { type Engine, EngineError } from "./engine.ts";
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
  /** For the very end, when no instance is left: removes what the engine made for itself. */
  readonly dispose: () => Promise<void>;
}

/** How long a Docker Engine may take to show that it is there, in milliseconds. */
const DOCKER_ANSWER_MS = 2000;

/**
 * Opens the engine that `LB_ENGINE` names; `auto` is docker where its socket answers.
 *
 * @param config the settings
 * @param failures takes note of failed background work
 */
export async function openEngine(config: Config, failures: FailureLog): Promise<OpenedEngine> {
  switch (config.LB_ENGINE) {
    case "static":
      return plain(new StaticEngine(config.LB_UPSTREAMS), "LB_ENGINE=static");
    case "process":
      return plain(processEngine(config, failures), "LB_ENGINE=process");
    case "docker":
      return docker(config, failures, "LB_ENGINE=docker");
    case "auto": {
      const absence = await dockerAbsence(config, failures);
      return absence === undefined
        ? docker(config, failures, `a Docker Engine answers on ${config.LB_DOCKER_SOCKET}`)
        : plain(processEngine(config, failures), `no Docker Engine: ${absence}`);
    }
  }
}

function plain(engine: Engine, reason: string): OpenedEngine {
  return { engine, reason, networks: () => [], dispose: () => Promise.resolve() };
}

async function docker(
  config: Config,
  failures: FailureLog,
  reason: string,
): Promise<OpenedEngine> {
  const engine = await dockerEngine(config, failures);
  const networks = () => engine.networks;
  return { engine, reason, networks, dispose: () => engine.removeNetwork() };
}

/** Why Docker cannot be used; `undefined` where it can. */
async function dockerAbsence(config: Config, failures: FailureLog): Promise<string | undefined> {
  const engine = await dockerEngine(config, failures, DOCKER_ANSWER_MS);
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
  failures: FailureLog,
  deadlineMs?: number,
): Promise<DockerEngine> {
  // Its client takes a quarter of a second and 40 MB to load: only where it is used.
  const { DockerEngine } = await import("./docker.ts");
  return new DockerEngine({
    socketPath: config.LB_DOCKER_SOCKET,
    fleet: config.LB_FLEET,
    prefix: config.LB_CONTAINER_PREFIX,
    image: config.LB_REPLICA_IMAGE,
    command: config.LB_REPLICA_COMMAND || undefined,
    port: config.LB_REPLICA_PORT,
    env: config.LB_REPLICA_ENV,
    network: config.LB_DOCKER_NETWORK,
    // Only Linux routes to a bridge network; elsewhere the Engine runs in a machine of its own.
    reach: Deno.build.os === "linux" ? "network" : "published",
    failures,
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
  });
}

function processEngine(config: Config, failures: FailureLog): ProcessEngine {
  return new ProcessEngine({
    command: config.LB_REPLICA_COMMAND || undefined,
    env: config.LB_REPLICA_ENV,
    host: "127.0.0.1",
    failures,
  });
}
