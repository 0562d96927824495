/**
 * Starts a balancer in a container whose replicas are containers.
 *
 * @module
 */
import { show } from "./command.ts";
import { type Compose, composeArgs } from "./compose.ts";
import { balancerContainers, containerLog, restarts } from "./docker_project.ts";
import { buildImages } from "./images.ts";
import { writeState } from "./state.ts";
import { ToolError } from "./tool.ts";
import { LOG_LINES, type Started, type UpRequest } from "./up_request.ts";

/** A container that Docker had to start again this often will not come up by waiting. */
const TOO_MANY_RESTARTS = 2;

/**
 * Builds the images and starts the balancer with compose.
 *
 * @param request what to start
 * @param compose which compose to use
 * @param socket path of the Docker Engine's socket, whose folder is mounted
 */
export async function startDocker(
  request: UpRequest,
  compose: Compose,
  socket: string,
): Promise<Started> {
  await buildImages(request.progress);
  await writeState({ engine: "docker", url: request.url, fleet: request.fleet });
  const env = {
    ...await socketVariables(socket),
    LB_PORT: String(request.port),
    LB_REPLICAS: String(request.replicas),
    LB_TAKE_OVER: String(request.takeOver),
  };
  const code = await show(compose[0], composeArgs(compose, "up", "-d", "--no-build"), { env });
  if (code !== 0) throw new ToolError(`${compose.join(" ")} up failed, see above`);
  return { trouble, log };
}

/** What compose.yaml has to know about the Engine's socket. */
async function socketVariables(socket: string): Promise<Record<string, string>> {
  const path = await Deno.realPath(socket);
  const { gid } = await Deno.stat(path);
  const [, folder, name] = /^(.*)\/([^/]+)$/.exec(path)!;
  return {
    DOCKER_SOCKET_FOLDER: folder || "/",
    DOCKER_SOCKET_GROUP: String(gid ?? 0),
    LB_DOCKER_HOST: Deno.env.get("LB_DOCKER_HOST") || `unix:///run/docker-host/${name}`,
  };
}

async function trouble(): Promise<string | undefined> {
  const [container] = await balancerContainers(false);
  if (!container) return "the balancer's container is gone";
  const { count, state } = await restarts(container);
  if (count < TOO_MANY_RESTARTS && state !== "exited") return undefined;
  return `the balancer's container does not stay up (${state}, restarted ${count} times)`;
}

async function log(): Promise<string> {
  const [container] = await balancerContainers(false);
  return container ? await containerLog(container, LOG_LINES) : "";
}
