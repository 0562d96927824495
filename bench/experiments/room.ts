/**
 * What the parts of a run share.
 *
 * @module
 */
import { lastLines, run, sameDeno } from "../../tools/command.ts";
import { RUN_DIR } from "../../tools/project.ts";
import { ToolError } from "../../tools/tool.ts";
import type { EngineName } from "../harness/balancer.ts";
import { dockerCan, sweep } from "../harness/docker.ts";
import type { Options } from "./options.ts";

/** What a run has. */
export interface Room extends AsyncDisposable {
  /** Tells this run's fleets from all others; also the name of their network of containers. */
  readonly run: string;
  /** Folder of logs. */
  readonly folder: string;
  readonly engine: EngineName;
  /** Requests of the stress test, where they are to be others than usual. */
  readonly stress: number | undefined;
  /** Aborted when the run is to end early. */
  readonly signal: AbortSignal;
}

/**
 * Prepares a run.
 *
 * @param options what is to run the replicas, and the requests of the stress test
 * @param signal aborted when the run is to end early
 * @throws {ToolError} no Docker Engine answers, but is asked for
 */
export async function openRoom(
  { engine, stress }: Pick<Options, "engine" | "stress">,
  signal: AbortSignal,
): Promise<Room> {
  const name = `exp-${crypto.randomUUID().slice(0, 8)}`;
  const folder = new URL("experiments", RUN_DIR).pathname;
  await Deno.mkdir(folder, { recursive: true });
  if (engine === "docker") await prepareDocker(name);
  return {
    ...{ run: name, folder, engine, stress, signal },
    [Symbol.asyncDispose]: async () => {
      if (engine === "docker") await sweep(labelOf(name));
    },
  };
}

async function prepareDocker(name: string): Promise<void> {
  if (!await dockerCan("version")) {
    throw new ToolError("no Docker Engine answers: start it, or leave --engine docker out");
  }
  const { code, stderr } = await run("sh", sameDeno(["task", "--quiet", "build"]));
  if (code !== 0) throw new ToolError(`deno task build failed: ${lastLines(stderr, 5)}`);
  if (await dockerCan("network", "create", "--label", labelOf(name), name)) return;
  throw new ToolError(`docker: the network ${name} cannot be made`);
}

function labelOf(name: string): string {
  return `ringkeeper.experiments=${name}`;
}
