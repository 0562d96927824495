/**
 * Starts a balancer in a container, with containers as replicas.
 *
 * @module
 */
import { show } from "../command.ts";
import { type Compose, composeArgs } from "../docker/compose.ts";
import { configFolder, CONTAINER_CONFIG, copyConfig } from "./config.ts";
import { isPrivate } from "./api_place.ts";
import {
  balancerContainers,
  containerLog,
  fileIn,
  isExternalNetwork,
  projectContainers,
  restarts,
} from "../docker/project.ts";
import { buildImages } from "../docker/images.ts";
import { type FleetPlaces, frontNetwork } from "../fleet_places.ts";
import { ROOT } from "../project.ts";
import { writeSecret, writeState } from "./state.ts";
import { ToolError } from "../tool.ts";
import { verbOf } from "./verb_of.ts";
import { LOG_LINES, type Started, stateOf, type UpRequest } from "./request.ts";

/** A container that Docker restarted this often is given up. */
const TOO_MANY_RESTARTS = 2;

/** The token that the balancer generates in its container, beside its state. */
const CONTAINER_TOKEN = "/state/fleet.json.admin-token";

/**
 * Builds the images and starts the balancer with compose.
 *
 * @param request the balancer to start
 * @param compose the compose command
 * @param socket path of the Docker Engine's socket, whose folder is mounted
 */
export async function startDocker(
  request: UpRequest,
  compose: Compose,
  socket: string,
): Promise<Started> {
  const { places } = request;
  await buildImages(request.progress, places.images);
  await requireOwnProject(places, request.port);
  await writeState({ engine: "docker", ...stateOf(request) }, places.stateFile);
  const env = {
    ...await socketVariables(socket),
    ...await fleetVariables(places),
    LB_PORT: String(request.port),
    LB_REPLICAS: String(request.replicas),
    LB_TAKE_OVER: String(request.takeOver),
    ...adminEnv(request),
    ...await configEnv(request),
  };
  const args = composeArgs(compose, places.project, "up", "-d", "--no-build");
  const code = await show(compose[0], args, { env, cwd: ROOT });
  if (code !== 0) throw new ToolError(`${compose.join(" ")} up failed, see above`);
  await requireOwnProject(places, request.port);
  return {
    trouble: () => trouble(places),
    log: () => log(places),
    ready: () => keepToken(request),
  };
}

/**
 * Ensures that no other checkout has started the fleet on this Engine: compose would mistake that
 * checkout's containers for its own.
 *
 * @param places the places of the fleet
 * @param port the requested public port, for the advice
 * @throws {ToolError} with the folder of the other checkout
 */
export async function requireOwnProject(places: FleetPlaces, port: number): Promise<void> {
  const { foreign } = await projectContainers(places);
  if (foreign === undefined) return;
  throw new ToolError(
    `LB_FLEET: the fleet "${places.fleet}" was started from ${foreign} on this Docker engine; give ` +
      `this one another name (LB_FLEET=NAME make run PORT=${port}), or stop that one ` +
      `(${verbOf(places.fleet, `-C ${foreign} stop`)})`,
  );
}

/** The names in compose.yaml that depend on the fleet. */
async function fleetVariables(places: FleetPlaces): Promise<Record<string, string>> {
  const back = Deno.env.get("LB_DOCKER_NETWORK") || places.back;
  const external = await isExternalNetwork(back, places);
  return {
    LB_FLEET: places.fleet,
    LB_DOCKER_NETWORK: back,
    BACK_NETWORK_EXTERNAL: String(external),
    FRONT_NETWORK: frontNetwork(Deno.env.get("FRONT_NETWORK") || places.front, back),
    BALANCER_IMAGE: places.images.balancer,
    LB_REPLICA_IMAGE: Deno.env.get("LB_REPLICA_IMAGE") || places.images.replica,
  };
}

/**
 * The API listens inside the container, and is reached on this machine at the published port. If
 * other machines reach that port, every call needs a token.
 */
function adminEnv({ listen }: UpRequest): Record<string, string> {
  if (listen === "") return { LB_ADMIN_LISTEN: "", ADMIN_PUBLISH: "127.0.0.1:0" };
  const open = Deno.env.get("LB_ADMIN_OPEN") || (isPrivate(listen) ? "without-token" : "false");
  return {
    LB_ADMIN_LISTEN: "0.0.0.0:5001",
    ADMIN_PUBLISH: listen.replace("localhost", "127.0.0.1"),
    LB_ADMIN_OPEN: open,
  };
}

/** The container reads a copy of the configuration file, in a folder of its own. */
async function configEnv({ config, places }: UpRequest): Promise<Record<string, string>> {
  if (config === undefined) return {};
  await copyConfig(config, places);
  return { LB_CONFIG: CONTAINER_CONFIG, CONFIG_FOLDER: configFolder(places).pathname };
}

/** Copies the token for the command line: the container's own file is out of its reach. */
async function keepToken({ tokenFile, places }: UpRequest): Promise<void> {
  const [container] = await balancerContainers(places, true);
  if (tokenFile === undefined || !container) return;
  const text = await fileIn(container, CONTAINER_TOKEN);
  if (text !== undefined) await writeSecret(new URL(tokenFile, ROOT), text);
}

/** The values for the Engine's socket in compose.yaml. */
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

async function trouble(places: FleetPlaces): Promise<string | undefined> {
  const [container] = await balancerContainers(places, false);
  if (!container) return "the balancer's container is gone";
  const { count, state } = await restarts(container);
  if (count < TOO_MANY_RESTARTS && state !== "exited") return undefined;
  return `the balancer's container does not stay up (${state}, restarted ${count} times)`;
}

async function log(places: FleetPlaces): Promise<string> {
  const [container] = await balancerContainers(places, false);
  return container ? await containerLog(container, LOG_LINES) : "";
}
