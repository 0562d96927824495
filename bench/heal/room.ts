/**
 * The surroundings of a run: names of its own, a network of containers, the image of the service and
 * the collector.
 *
 * @module
 */
import { ROOT, RUN_DIR } from "../../tools/project.ts";
import { ToolError } from "../../tools/tool.ts";
import { buildImages, docker, dockerCan, sweep } from "../harness/docker.ts";
import { Missing } from "../harness/machine.ts";
import { Collector } from "./collector.ts";

/** A network of containers. */
interface Network {
  readonly name: string;
  /** The address of this machine for the containers. */
  readonly gateway: string;
  /** A fixed address. */
  readonly address: (host: number) => string;
}

/** One run. */
export interface Room extends AsyncDisposable {
  /** Tells this run from all others. */
  readonly run: string;
  /** Folder for files and logs. */
  readonly folder: string;
  readonly seed: number;
  readonly collector: Collector;
  /** Aborted when the run is to end early. */
  readonly signal: AbortSignal;
  /** Undefined where no Docker Engine answers. */
  readonly network: Network | undefined;
}

/** Label of all networks and containers of this bench; its value is the checkout's folder. */
const BENCH_LABEL = "ringkeeper.bench-heal";

/** Label of the containers of this project's checkout. */
export const OF_THIS_BENCH = `${BENCH_LABEL}=${ROOT.pathname}`;

/** The image of the service. */
export const IMAGE = "ringkeeper-bench-heal";

/** Networks are tried until one is free. */
const TRIES = 20;

/**
 * Prepares a run. Hold the bench's lock: leftovers of earlier runs of this checkout are removed.
 *
 * @param seed of every choice
 * @param signal aborted when the run is to end early
 */
export async function openRoom(seed: number, signal: AbortSignal): Promise<Room> {
  const name = `heal-${crypto.randomUUID().slice(0, 8)}`;
  const folder = new URL("bench-heal", RUN_DIR).pathname;
  await Deno.mkdir(folder, { recursive: true });
  const hasDocker = await dockerCan("version");
  if (hasDocker) {
    await sweep(OF_THIS_BENCH);
    await buildImage();
  }
  const network = hasDocker ? await makeNetwork(name) : undefined;
  const collector = new Collector();
  return {
    ...{ run: name, folder, seed, collector, signal, network },
    [Symbol.asyncDispose]: async () => {
      collector[Symbol.dispose]();
      if (hasDocker) await sweep(OF_THIS_BENCH);
    },
  };
}

/**
 * The network of a room.
 *
 * @throws {Missing} no Docker Engine answers
 */
export function networkOf({ network }: Room): Network {
  if (network) return network;
  throw new Missing("no Docker Engine answers: start it and repeat");
}

async function makeNetwork(name: string): Promise<Network> {
  for (let left = TRIES; left > 0; left--) {
    const net = `10.213.${Math.floor(Math.random() * 256)}`;
    const labels = ["--label", OF_THIS_BENCH];
    const made = ["network", "create", ...labels, "--subnet", `${net}.0/24`, name];
    const network = { name, gateway: `${net}.1`, address: (host: number) => `${net}.${host}` };
    if (await dockerCan(...made)) return network;
  }
  throw new ToolError("docker: no network can be made; all of 10.213.0.0/16 seems to be taken");
}

async function buildImage(): Promise<void> {
  if (!await dockerCan("image", "inspect", "ringkeeper-replica")) await buildImages();
  await docker("build", "--tag", IMAGE, new URL("servers", import.meta.url).pathname);
}
