/**
 * The two images of the project.
 *
 * @module
 */
import { DEFAULT_FLEET } from "../../balancer/engine/fleet_names.ts";
import { VERSION } from "../../balancer/version.ts";
import { lastLines, run } from "../command.ts";
import { placesOf } from "../fleet_places.ts";
import { ROOT } from "../project.ts";
import { ToolError } from "../tool.ts";
import { ensureBaseImage } from "./base_image.ts";

/** `Dockerfile.<part>` builds it. */
type Part = "balancer" | "replica";

/** The names of the images to build, by part. */
type ImageNames = Readonly<Partial<Record<Part, string>>>;

/** The images of the default fleet. */
export const DEFAULT_IMAGES = placesOf(DEFAULT_FLEET).images;

const LINES_OF_FAILURE = 30;

/**
 * Builds images. Docker's cache supplies unchanged layers.
 *
 * @param progress called at every step
 * @param images the images; the default is the default fleet's
 * @throws {ToolError} with the end of the build's output
 */
export async function buildImages(
  progress: (line: string) => void,
  images: ImageNames = DEFAULT_IMAGES,
): Promise<void> {
  const base = await ensureBaseImage(progress);
  for (const [part, name] of Object.entries(images)) {
    progress(`building image ${name}`);
    await build(part as Part, name, base);
  }
}

async function build(part: Part, name: string, base: string): Promise<void> {
  const root = ROOT.pathname;
  const file = `${root}Dockerfile.${part}`;
  const values = [`DENO_IMAGE=${base}`, `VERSION=${VERSION}`];
  const args = [...values.flatMap((value) => ["--build-arg", value]), "-f", file];
  const result = await run("docker", ["build", ...args, "-t", name, root]);
  if (result.code === 0) return;
  const output = lastLines(result.stdout + result.stderr, LINES_OF_FAILURE);
  throw new ToolError(`image ${name} could not be built:\n${output}`);
}
