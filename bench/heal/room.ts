/**
 * What the contestants share for the time of a run: names that no other run has, a network of
 * containers, the image of the service and the collector.
 *
 * @module
 */
import { lastLines, run, sameDeno } from "../../tools/command.ts";
import { ROOT, RUN_DIR } from "../../tools/project.ts";
import { ToolError } from "../../tools/tool.ts";
import { Missing } from "../harness/missing.ts";
import { Collector } from "./collector.ts";
import { docker, dockerCan, sweep } from "../harness/docker.ts";

/** A network of containers. */
export interface Network {
  readonly name: string;
  /** Where the containers reach this machine. */
  readonly gateway: string;
  /** A fixed address. */
  readonly address: (host: number) => string;
}

/** What a run has. */
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

/** Label of everything that this bench makes itself; its value is the checkout's folder. */
const BENCH_LABEL = "ringkeeper.bench-heal";

/** Label of the containers of this project's checkout. */
export const OF_THIS_BENCH = `${BENCH_LABEL}=${ROOT.pathname}`;

/** The image of the service. */
export const IMAGE = "ringkeeper-bench-heal";

/** Networks are tried until one is free. */
const TRIES = 20;

/**
 * Prepares a run. Hold the bench's lock: what an earlier run of this checkout left is removed.
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
  if (!await dockerCan("image", "inspect", "ringkeeper-replica")) await buildBase();
  await docker("build", "--tag", IMAGE, new URL("servers", import.meta.url).pathname);
}

async function buildBase(): Promise<void> {
  const { code, stderr } = await run("sh", sameDeno(["task", "--quiet", "build"]));
  if (code !== 0) throw new ToolError(`deno task build failed: ${lastLines(stderr, 5)}`);
}
