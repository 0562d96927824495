/**
 * `deno task build`: builds the images if Docker answers, otherwise downloads the dependencies.
 *
 * @module
 */
import { cacheDependencies } from "./dependencies.ts";
import { inspectDocker } from "../docker/engine_choice.ts";
import { buildImages } from "../docker/images.ts";
import { fleetOfEnvironment, placesOf } from "../fleet_places.ts";
import { say } from "../print.ts";
import { runTool } from "../tool.ts";

async function build(): Promise<void> {
  const { trouble } = await inspectDocker();
  if (!trouble) {
    const { images } = placesOf(fleetOfEnvironment());
    await buildImages(say, images);
    return say(`built: ${images.balancer} and ${images.replica}`);
  }
  say(`no images (${trouble}): caching the dependencies instead`);
  await cacheDependencies();
  say("the dependencies are there");
}

if (import.meta.main) await runTool(build);
