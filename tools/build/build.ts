/**
 * `deno task build`: the images where Docker answers, else the dependencies.
 *
 * @module
 */
import { cacheDependencies } from "./dependencies.ts";
import { inspectDocker } from "../docker/engine_choice.ts";
import { buildImages } from "../docker/images.ts";
import { say } from "../print.ts";
import { runTool } from "../tool.ts";

async function build(): Promise<void> {
  const { trouble } = await inspectDocker();
  if (!trouble) {
    await buildImages(say);
    return say("built: ringkeeper-balancer and ringkeeper-replica");
  }
  say(`no images (${trouble}): caching the dependencies instead`);
  await cacheDependencies();
  say("the dependencies are there");
}

if (import.meta.main) await runTool(build);
