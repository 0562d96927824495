/**
 * The surroundings of a run: its names, its folder, its fleets.
 *
 * @module
 */
import { type HashFamilyName, type Layout, Ring } from "../../ring/mod.ts";
import { RUN_DIR } from "../../tools/project.ts";
import { ToolError } from "../../tools/tool.ts";
import { BenchBalancer, type EngineName, serviceSettings } from "../harness/balancer.ts";
import { buildImages, dockerCan, sweep } from "../harness/docker.ts";

/** One run. */
export interface Room extends AsyncDisposable {
  /** Beginning of the names of all fleets of this run; also the name of their network of containers. */
  readonly run: string;
  /** Folder of logs. */
  readonly folder: string;
  readonly engine: EngineName;
  /** Requests of the stress test, where they were given. */
  readonly stress?: number | undefined;
  /** Aborted when the run is to end early. */
  readonly signal: AbortSignal;
}

/** A layout with a hash family, as the experiments compare them. */
export interface Way {
  readonly layout: Layout;
  readonly hashes: HashFamilyName;
  /** In charts, as in CSS. */
  readonly colour: string;
}

/** The product's default. */
export const DEFAULT_WAY: Way = { layout: "even", hashes: "fibonacci", colour: "#c2410c" };

/** All that are compared; the default first. */
export const WAYS: readonly Way[] = [
  DEFAULT_WAY,
  { layout: "rendezvous", hashes: "fibonacci", colour: "#0f766e" },
  { layout: "ring", hashes: "fibonacci", colour: "#2563eb" },
  { layout: "ring", hashes: "hashed", colour: "#7c3aed" },
  { layout: "ring", hashes: "classic", colour: "#a16207" },
  { layout: "ring", hashes: "seed", colour: "#64748b" },
];

/** Of Server1, Server2 and Server3 in charts. */
export const REPLICA_COLOURS: readonly string[] = ["#2563eb", "#c2410c", "#0f766e"];

/** A fleet to start. */
interface FleetSpec {
  readonly replicas: number;
  /** The default unless given. */
  readonly way?: Way;
  /** A file of servers/ in the place of the built-in replica, which runs as processes only. */
  readonly service?: string;
  /** Environment of that service. */
  readonly env?: Readonly<Record<string, string>>;
  readonly settings?: Readonly<Record<string, string>>;
}

/** More than any experiment has, so that the ring's own limit applies first. */
const MAX_REPLICAS = 200;

let fleets = 0;

/** The name of a way in tables and charts. */
export function nameOf({ layout, hashes }: Pick<Way, "layout" | "hashes">): string {
  return `${layout}, ${hashes}`;
}

/** The colour of a way by its name. */
export function colourOf(name: string): string {
  return WAYS.find((way) => nameOf(way) === name)?.colour ?? "#334155";
}

/** The ring of some members, the same that the balancer builds. */
export function ringOf({ layout, hashes }: Way, members: readonly string[]): Ring {
  return Ring.build({ members, layout, hashes });
}

/** `Server1` to `Server<n>`. */
export function serverNames(n: number): string[] {
  return Array.from({ length: n }, (_, at) => `Server${at + 1}`);
}

/**
 * Prepares a run.
 *
 * @param options the engine of the replicas, and the requests of the stress test
 * @param signal aborted when the run is to end early
 * @throws {ToolError} no Docker Engine answers, but the engine is docker
 */
export async function openRoom(
  { engine, stress }: Pick<Room, "engine" | "stress">,
  signal: AbortSignal,
): Promise<Room> {
  const run = `exp-${crypto.randomUUID().slice(0, 8)}`;
  const label = `ringkeeper.experiments=${run}`;
  const folder = new URL("experiments", RUN_DIR).pathname;
  await Deno.mkdir(folder, { recursive: true });
  if (engine === "docker") await prepareDocker(run, label);
  const close = async () => {
    if (engine === "docker") await sweep(label);
  };
  return { run, folder, engine, stress, signal, [Symbol.asyncDispose]: close };
}

async function prepareDocker(network: string, label: string): Promise<void> {
  if (!await dockerCan("version")) {
    throw new ToolError("no Docker Engine answers: start it, or leave --engine docker out");
  }
  await buildImages();
  if (await dockerCan("network", "create", "--label", label, network)) return;
  throw new ToolError(`docker: the network ${network} cannot be made`);
}

/**
 * Starts a balancer as `deno task balancer` does, and waits until all replicas are ready.
 *
 * @param room the run
 * @param spec the fleet
 */
export async function startFleet(room: Room, spec: FleetSpec): Promise<BenchBalancer> {
  const { replicas, way = DEFAULT_WAY, service, env = {}, settings = {} } = spec;
  const engine = service === undefined ? room.engine : "process";
  const fleet = `${room.run}-${++fleets}`;
  await using stack = new AsyncDisposableStack();
  const balancer = stack.use(
    new BenchBalancer({
      ...{ fleet, folder: room.folder, engine },
      settings: {
        LB_REPLICAS: String(replicas),
        LB_MAX_REPLICAS: String(MAX_REPLICAS),
        LB_LAYOUT: way.layout,
        LB_HASHES: way.hashes,
        ...engine === "docker" &&
          { LB_CONTAINER_PREFIX: `${fleet}-`, LB_DOCKER_NETWORK: room.run },
        ...service !== undefined &&
          serviceSettings(new URL(`servers/${service}`, import.meta.url), fleet, env),
        ...settings,
      },
    }),
  );
  await balancer.start();
  await balancer.untilWhole(room.signal);
  stack.move();
  return balancer;
}
