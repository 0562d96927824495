/**
 * The two images of the project.
 *
 * @module
 */
import { VERSION } from "../../balancer/version.ts";
import { ensureBaseImage } from "./base_image.ts";
import { lastLines, run } from "../command.ts";
import { ROOT } from "../project.ts";
import { ToolError } from "../tool.ts";

/** What there is to build: `ringkeeper-<part>` from `Dockerfile.<part>`. */
type Part = "balancer" | "replica";

const PARTS: readonly Part[] = ["balancer", "replica"];
const LINES_OF_FAILURE = 30;

/**
 * Builds images. What did not change since the last time comes from Docker's cache.
 *
 * @param progress told of every step
 * @param parts which images; all of them unless said otherwise
 * @throws {ToolError} with the end of the build's output
 */
export async function buildImages(
  progress: (line: string) => void,
  parts: readonly Part[] = PARTS,
): Promise<void> {
  const base = await ensureBaseImage(progress);
  for (const part of parts) {
    progress(`building image ringkeeper-${part}`);
    await build(part, base);
  }
}

async function build(part: Part, base: string): Promise<void> {
  const root = ROOT.pathname;
  const file = `${root}Dockerfile.${part}`;
  const values = [`DENO_IMAGE=${base}`, `VERSION=${VERSION}`];
  const args = [...values.flatMap((value) => ["--build-arg", value]), "-f", file];
  const result = await run("docker", ["build", ...args, "-t", `ringkeeper-${part}`, root]);
  if (result.code === 0) return;
  const output = lastLines(result.stdout + result.stderr, LINES_OF_FAILURE);
  throw new ToolError(`image ringkeeper-${part} could not be built:\n${output}`);
}
