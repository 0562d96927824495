/**
 * The base image of the other images: Deno's official one, or a stand-in made from the running Deno
 * on machines without a container registry.
 *
 * @module
 */
import { run } from "../command.ts";
import { denoVersion, RUN_DIR } from "../project.ts";
import { standInFiles, writeStandIn } from "./stand_in.ts";
import { ToolError } from "../tool.ts";

const PULL_TIMEOUT_MS = 60_000;

/**
 * Finds, pulls or makes the base image.
 *
 * @param progress called at every step
 * @returns its name
 */
export async function ensureBaseImage(progress: (line: string) => void): Promise<string> {
  const version = await denoVersion();
  const official = `denoland/deno:${version}`;
  const standIn = `ringkeeper-deno:${version}`;
  if (await exists(official)) return official;
  if (await exists(standIn)) {
    progress(`base image: the stand-in ${standIn} (docker rmi ${standIn} to pull ${official})`);
    return standIn;
  }
  progress(`base image: pulling ${official}`);
  const pulled = await run("docker", ["pull", official], { timeoutMs: PULL_TIMEOUT_MS });
  if (pulled.code === 0) return official;
  progress(
    `base image: ${official} cannot be pulled; making the stand-in ${standIn} from this deno`,
  );
  await importStandIn(standIn);
  return standIn;
}

async function exists(image: string): Promise<boolean> {
  return (await run("docker", ["image", "inspect", image])).code === 0;
}

/**
 * The stand-in has its own name, so that other projects never mistake it for the official image.
 */
async function importStandIn(name: string): Promise<void> {
  if (Deno.build.os !== "linux") {
    throw new ToolError(`a stand-in can be made on Linux only; pull the image by hand and retry`);
  }
  await Deno.mkdir(RUN_DIR, { recursive: true });
  const folder = await Deno.makeTempDir({ dir: RUN_DIR.pathname, prefix: "base-" });
  try {
    await writeStandIn(`${folder}/root`, await standInFiles(Deno.execPath()));
    await must("tar", ["-c", "-f", `${folder}/root.tar`, ...AS_ROOT, "-C", `${folder}/root`, "."]);
    await must("docker", ["import", ...CHANGES, `${folder}/root.tar`, name]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const AS_ROOT = ["--owner=0", "--group=0", "--numeric-owner"];
const CHANGES = ["--change", "ENV PATH=/usr/bin", "--change", "LABEL ringkeeper.stand-in=true"];

async function must(program: string, args: readonly string[]): Promise<void> {
  const result = await run(program, args);
  if (result.code !== 0) throw new ToolError(`${program} failed: ${result.stderr.trim()}`);
}
