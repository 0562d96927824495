/**
 * Chooses the engine that runs the replicas, docker or process, and gives the reason.
 *
 * @module
 */
import { NOT_FOUND, type Result, run, TIMED_OUT } from "../command.ts";
import { type Compose, findCompose } from "./compose.ts";
import { ToolError } from "../tool.ts";

/** The values of the user's choice. */
export const ENGINES = ["auto", "process", "docker", "swarm"] as const;

/** One of {@linkcode ENGINES}. */
export type WantedEngine = (typeof ENGINES)[number];

/** The result of the check for Docker on this machine. */
interface DockerFindings {
  /** Why this machine cannot start services of a swarm; only where a swarm is asked for. */
  readonly swarmTrouble?: string | undefined;
  /** The reason why no Docker Engine is usable; undefined if one answers. */
  readonly trouble?: string;
  /** Version of the answering Engine. */
  readonly version?: string;
  /** The compose command, if any. */
  readonly compose?: Compose;
}

/** The chosen engine and the reason in words. */
export type EngineChoice =
  | { readonly engine: "docker"; readonly compose: Compose; readonly why: string }
  | { readonly engine: "process"; readonly why: string }
  | { readonly engine: "swarm"; readonly why: string };

const DEADLINE_MS = 2000;

/** Asks the Docker Engine and looks for compose; answers within seconds either way. */
export async function inspectDocker(): Promise<DockerFindings> {
  const args = ["version", "--format", "{{.Server.Version}}"];
  const result = await run("docker", args, { timeoutMs: DEADLINE_MS });
  const trouble = engineTrouble(result, Deno.env.get("DOCKER_HOST"));
  if (trouble) return { trouble };
  const compose = await findCompose();
  return { version: result.stdout.trim(), ...(compose && { compose }) };
}

/**
 * Returns the reason why Docker is unusable, in words; undefined if it is usable.
 *
 * @param result the output of `docker version`
 * @param dockerHost the variable DOCKER_HOST
 */
export function engineTrouble(result: Result, dockerHost?: string): string | undefined {
  if (result.code === NOT_FOUND) return "the docker command is not installed";
  if (dockerHost && !dockerHost.startsWith("unix://")) {
    return `DOCKER_HOST=${dockerHost} is no socket of this machine`;
  }
  if (result.code === 0) return undefined;
  const where = `on ${dockerSocket(dockerHost)}`;
  if (result.code === TIMED_OUT) return `the Docker engine ${where} did not answer within 2 s`;
  if (/permission denied/i.test(result.stderr)) return `no permission to use Docker ${where}`;
  return `no Docker engine answers ${where}`;
}

/**
 * Returns the socket to mount into the balancer's container.
 *
 * @param dockerHost the variable DOCKER_HOST
 */
export function dockerSocket(dockerHost = ""): string {
  const prefix = "unix://";
  return dockerHost.startsWith(prefix) ? dockerHost.slice(prefix.length) : "/var/run/docker.sock";
}

/**
 * Chooses the engine. Docker is chosen only if everything that it needs is present.
 *
 * @param wanted the user's choice
 * @param docker the result of the check
 * @throws {ToolError} if docker was requested but is unavailable
 */
export function chooseEngine(wanted: WantedEngine, docker: DockerFindings): EngineChoice {
  if (wanted === "process") return { engine: "process", why: "asked for" };
  if (wanted === "swarm") return swarmChoice(docker);
  const { trouble = "Docker answers, but there is neither `docker compose` nor docker-compose" } =
    docker;
  if (docker.version && docker.compose) {
    return { engine: "docker", compose: docker.compose, why: `Docker ${docker.version} answers` };
  }
  if (wanted === "auto") return { engine: "process", why: trouble };
  throw new ToolError(`engine docker: ${trouble}; make run ENGINE=process needs no Docker`);
}

function swarmChoice({ trouble, swarmTrouble }: DockerFindings): EngineChoice {
  const fault = trouble ?? swarmTrouble;
  if (fault === undefined) return { engine: "swarm", why: "asked for" };
  throw new ToolError(`engine swarm: ${fault}`);
}
