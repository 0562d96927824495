/**
 * Starts the balancers of a fleet on a Docker Swarm, with services as replicas.
 *
 * @module
 */
import { lastLines, run } from "../command.ts";
import { docker } from "../docker/command.ts";
import { buildImages } from "../docker/images.ts";
import {
  balancerNodes,
  labelArgs,
  managers,
  requireOwnService,
  type SwarmNames,
  swarmNames,
  taskError,
} from "../docker/swarm_project.ts";
import { ROOT } from "../project.ts";
import { ToolError } from "../tool.ts";
import { LOG_LINES, type Started, stateOf, type UpRequest } from "./request.ts";
import { writeSecret, writeState } from "./state.ts";

/** The number of balancers, or `each` for one on each manager. */
export type Balancers = number | "each";

/** The image's user. */
const USER = "65534";

/** Path of the secret in a balancer. */
const TOKEN_FILE = "/run/secrets/admin-token";

/** Settings that follow from the swarm, and those that only `up` reads. */
const OWN = new Set([
  ...["LB_ADMIN_LISTEN", "LB_ADMIN_OPEN", "LB_ADMIN_TOKEN", "LB_ADMIN_TOKEN_FILE", "LB_CONFIG"],
  ...["LB_DOCKER_HOST", "LB_DOCKER_NETWORK", "LB_ENGINE", "LB_FLEET", "LB_HOST", "LB_PORT"],
  ...["LB_REPLICAS", "LB_REPLICA_IMAGE", "LB_STATE_FILE", "LB_STORE", "LB_TAKE_OVER"],
]);

/**
 * Makes the network, the secret and the balancers.
 *
 * @param request the fleet to start
 * @param balancers how many balancers
 * @param socket path of the Docker Engine's socket, whose folder every balancer mounts
 */
export async function startSwarm(
  request: UpRequest,
  balancers: Balancers,
  socket: string,
): Promise<Started> {
  const { places, progress } = request;
  const names = swarmNames(places);
  requireNoConfig(request);
  await requireOwnService(places.fleet);
  const images = await imagesOf(request);
  await writeState({ engine: "swarm", ...stateOf(request) }, places.stateFile);
  await makeNetwork(names, places.fleet, progress);
  await makeSecret(names, request);
  const count = balancers === "each" ? "one on each manager" : String(balancers);
  progress(`making the service ${names.service}: balancers, ${count}`);
  const labels = await labelArgs(places.fleet);
  await docker(
    serviceArgs(request, { names, images, balancers, labels, socket: await socketOf(socket) }),
  );
  return {
    trouble: () => taskError(names.service),
    log: () => logOf(names),
    ready: () => tellMachines(names, progress),
  };
}

/** The file would have to be on every machine. */
function requireNoConfig({ config }: UpRequest): void {
  if (config === undefined) return;
  throw new ToolError(
    `--config: ${config} is not on the other machines; engine swarm takes settings as variables LB_*`,
  );
}

interface Images {
  readonly balancer: string;
  readonly replica: string;
}

/** Images of a registry are on every machine; those that are built here have to be brought there. */
async function imagesOf({ env, places, progress }: UpRequest): Promise<Images> {
  const [balancer, replica] = [Deno.env.get("BALANCER_IMAGE"), env("LB_REPLICA_IMAGE")];
  const { balancer: builtBalancer, replica: builtReplica } = places.images;
  const build = {
    ...(balancer ? {} : { balancer: builtBalancer }),
    ...(replica ? {} : { replica: builtReplica }),
  };
  const built = Object.values(build);
  if (built.length > 0) {
    await buildImages(progress, build);
    const machines = (await docker(["node", "ls", "-q"])).split("\n").length;
    if (machines > 1) {
      progress(
        `every machine needs the images: docker save ${built.join(" ")} | ssh MACHINE docker load`,
      );
    }
  }
  return { balancer: balancer || builtBalancer, replica: replica || builtReplica };
}

async function makeNetwork(
  { network }: SwarmNames,
  fleet: string,
  progress: UpRequest["progress"],
): Promise<void> {
  const existing = await docker(["network", "ls", "-q", "--filter", `name=^${network}$`]);
  if (existing !== "") return;
  progress(`making the network ${network}`);
  const kind = ["--driver", "overlay", "--attachable"];
  await docker(["network", "create", ...kind, ...await labelArgs(fleet), network]);
}

/** All balancers have the same admin token; this machine keeps it for the command line. */
async function makeSecret({ secret }: SwarmNames, request: UpRequest): Promise<void> {
  const { env, tokenFile, places, progress } = request;
  const given = env("LB_ADMIN_TOKEN_FILE");
  const text = given
    ? (await Deno.readTextFile(given)).trim()
    : env("LB_ADMIN_TOKEN") || crypto.getRandomValues(new Uint8Array(32)).toHex();
  const file = new URL(tokenFile ?? `${places.fleetFile}.given-token`, ROOT);
  await writeSecret(file, text);
  try {
    if (await docker(["secret", "ls", "-q", "--filter", `name=${secret}`]) !== "") {
      await docker(["secret", "rm", secret]);
    }
    progress(`making the secret ${secret}`);
    await docker(["secret", "create", ...await labelArgs(places.fleet), secret, file.pathname]);
  } finally {
    if (tokenFile === undefined) await Deno.remove(file);
  }
}

/** The Engine's socket: its folder, its name in it, and the group that may use it. */
interface Socket {
  readonly folder: string;
  readonly name: string;
  readonly group: number;
}

async function socketOf(socket: string): Promise<Socket> {
  const path = await Deno.realPath(socket);
  const { gid } = await Deno.stat(path);
  const [, folder, name = ""] = /^(.*)\/([^/]+)$/.exec(path) ?? [];
  return { folder: folder || "/", name, group: gid ?? 0 };
}

/** Names and values that the service of the balancers is made of. */
interface ServicePlace {
  readonly names: SwarmNames;
  readonly images: Images;
  readonly balancers: Balancers;
  /** Labels as arguments. */
  readonly labels: readonly string[];
  readonly socket: Socket;
}

/** Arguments of `docker` that make the service of the balancers. */
function serviceArgs(request: UpRequest, place: ServicePlace): string[] {
  const { names, images, balancers, labels, socket } = place;
  const many = balancers === "each"
    ? ["--mode", "global"]
    : ["--replicas", String(balancers), "--replicas-max-per-node", "1"];
  const environment = Object.entries(environmentOf(request, place));
  return [
    ...["service", "create", "--detach", "--quiet", "--name", names.service],
    ...labels,
    ...many,
    // Only a manager's Engine answers calls about the swarm.
    ...["--constraint", "node.role==manager", "--network", names.network],
    ...["--endpoint-mode", "dnsrr", "--hostname", "{{.Node.Hostname}}"],
    ...publishArgs(request),
    ...["--mount", `type=bind,source=${socket.folder},target=/run/docker-host,readonly`],
    ...["--mount", "type=tmpfs,target=/tmp,tmpfs-size=16m"],
    ...["--group", String(socket.group)],
    ...["--secret", `source=${names.secret},target=admin-token,uid=${USER},mode=0400`],
    ...["--read-only", "--cap-drop", "all", "--limit-memory", "512m", "--limit-pids", "512"],
    ...["--stop-grace-period", "30s", "--restart-condition", "any", "--restart-delay", "1s"],
    ...["--no-resolve-image"],
    ...environment.flatMap(([name, value]) => ["--env", `${name}=${value}`]),
    images.balancer,
  ];
}

/** Each machine's own port leads to the balancer on it, so that one that is not ready gets nothing. */
function publishArgs({ port, listen }: UpRequest): string[] {
  const api = listen === "" ? [] : [`mode=host,target=5001,published=${apiPort(listen)}`];
  return [`mode=host,target=5000,published=${port}`, ...api].flatMap((one) => ["--publish", one]);
}

function apiPort(listen: string): string {
  return listen.slice(listen.lastIndexOf(":") + 1);
}

function environmentOf(
  { replicas, places, listen }: UpRequest,
  { names, images, socket }: ServicePlace,
): Record<string, string> {
  const given = Object.entries(Deno.env.toObject())
    .filter(([name, value]) => name.startsWith("LB_") && !OWN.has(name) && value !== "");
  const passed = Object.fromEntries(given);
  return {
    ...passed,
    LB_HOST: "0.0.0.0",
    LB_PORT: "5000",
    LB_ENGINE: "swarm",
    LB_STORE: "swarm",
    LB_FLEET: places.fleet,
    LB_REPLICAS: String(replicas),
    LB_REPLICA_IMAGE: images.replica,
    LB_DOCKER_NETWORK: names.network,
    LB_DOCKER_HOST: `unix:///run/docker-host/${socket.name}`,
    LB_ADMIN_LISTEN: listen === "" ? "" : "0.0.0.0:5001",
    // Other machines reach the published port.
    LB_ADMIN_OPEN: "false",
    LB_ADMIN_TOKEN_FILE: TOKEN_FILE,
    LB_LOG_FORMAT: passed["LB_LOG_FORMAT"] ?? "text",
  };
}

async function logOf({ service }: SwarmNames): Promise<string> {
  const result = await run("docker", ["service", "logs", "--tail", String(LOG_LINES), service]);
  return lastLines(result.stdout + result.stderr, LOG_LINES);
}

/** Machines without the image, or with another program on the port, are named. */
async function tellMachines(
  { service }: SwarmNames,
  progress: UpRequest["progress"],
): Promise<void> {
  const [nodes, all] = await Promise.all([balancerNodes(service), managers()]);
  progress(`balancers run on ${nodes.map(({ name }) => name).join(", ") || "no machine yet"}`);
  const error = nodes.length < all.length ? await taskError(service) : undefined;
  if (error !== undefined) progress(`not on every manager: ${error}`);
}
