/**
 * The scenarios in which the view changes.
 *
 * @module
 */
import { ratedRequests } from "./h2load.ts";
import * as metrics from "./metrics.ts";
import type { Sample } from "./metrics.ts";
import type { Setup } from "./peer_configs.ts";
import type { Command } from "../harness/program.ts";
import { rated, type Scenario, type Subject, wait } from "./scenario.ts";
import { compareWindows, parseMarks, VIEW_METRICS } from "./view_windows.ts";
import { runWrk } from "../harness/wrk.ts";

const { RATE, P50, P99, SLOWEST, FAILED } = metrics;

/** Requests a second while the view changes. */
const VIEW_RATE = 3200;
/** Milliseconds until an upstream stops, and until it is back. */
const VIEW_STEP_MS = 1500;
/** Requests a second where single ones count: few enough that they do not wait for each other. */
const WINDOWS_RATE = 800;
/** How much longer than others the scenario takes that compares short windows. */
const WINDOWS_FACTOR = 8;

/** Both of them. */
export const VIEW_SCENARIOS: readonly Scenario[] = [
  {
    name: "view",
    group: "view",
    title: `one of two upstreams stops and starts again at ${VIEW_RATE} req/s`,
    metrics: [RATE, P50, P99, SLOWEST, FAILED],
    kinds: ["own"],
    measure: throughChange,
  },
  {
    name: "view windows",
    group: "view",
    title: `what a change of the view costs requests, at ${WINDOWS_RATE} req/s`,
    metrics: VIEW_METRICS,
    kinds: ["own"],
    command: viewChanges,
    measure: besideChanges,
  },
];

async function throughChange({ port, upstreams, folder, warmUp }: Subject): Promise<Sample> {
  await runWrk({ port, path: "/small/", connections: 64, seconds: warmUp });
  const running = rated({ port, rate: VIEW_RATE, seconds: 4 * VIEW_STEP_MS / 1000, folder });
  await wait(VIEW_STEP_MS);
  await upstreams[1]?.stop();
  await wait(VIEW_STEP_MS);
  await upstreams[1]?.start();
  return await running;
}

/** The data plane alone, which gets changes of the view without an engine's processes. */
function viewChanges({ port, upstreams }: Setup): Command {
  const flags = ["--quiet", "--no-prompt", "--allow-net=127.0.0.1", "--allow-read=."];
  const script = new URL("servers/view_changes.ts", import.meta.url).pathname;
  return { args: [Deno.execPath(), "run", ...flags, script, ...[port, ...upstreams].map(String)] };
}

async function besideChanges({ port, folder, seconds, warmUp, log }: Subject): Promise<Sample> {
  await runWrk({ port, path: "/small/", connections: 64, seconds: warmUp });
  const load = { port, rate: WINDOWS_RATE, seconds: WINDOWS_FACTOR * seconds, folder };
  const requests = await ratedRequests(load);
  return compareWindows(parseMarks(await Deno.readTextFile(log)), requests);
}
