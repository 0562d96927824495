/**
 * `deno task build`: builds the images if Docker answers, otherwise downloads the dependencies.
 *
 * @module
 */
import { cacheDependencies } from "./dependencies.ts";
import { inspectDocker } from "../docker/engine_choice.ts";
import { buildImages } from "../docker/images.ts";
import { fleetOfEnvironment, placesOf } from "../fleet_places.ts";
import { print } from "../print.ts";
import { runTool } from "../tool.ts";

async function build(): Promise<void> {
  const { trouble } = await inspectDocker();
  if (!trouble) {
    const { images } = placesOf(fleetOfEnvironment());
    await buildImages(print, images);
    return print(`built: ${images.balancer} and ${images.replica}`);
  }
  print(`no images (${trouble}): caching the dependencies instead`);
  await cacheDependencies();
  print("the dependencies are there");
}

if (import.meta.main) await runTool(build);
