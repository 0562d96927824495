/**
 * `ringkeeper top`: shows the state of the fleet, refreshed periodically.
 *
 * @module
 */
import { jsonText } from "./figures.ts";
import type { Command } from "commander";
import { printUnlessClosed } from "../print.ts";
import { wholeNumber } from "../up/task_command.ts";
import type { Api } from "./api.ts";
import { apiOf, balancerCommand, type CommonOptions, type Manual } from "./command.ts";
import { LiveScreen } from "./live_screen.ts";
import { NO_PAINT, paintOfOutput } from "./paint.ts";
import { type Sample, Sampler } from "./sample.ts";
import { topLines, TRYING_AGAIN } from "./top_lines.ts";

interface Options extends CommonOptions {
  readonly interval: number;
  readonly count?: number;
}

/** Columns of a block in a pipe. */
const PIPE_WIDTH = 80;

const MANUAL: Manual = {
  summary: "the fleet live, with load and latency",
  about:
    "Shows the fleet live, until q or ^C: slots, load and latency of each replica, and why a " +
    "replica is not ready. If not all replicas fit, those that are not ready come first. In a pipe " +
    "it prints one block for each interval. LOAD is the share of the requests since the last " +
    "update, NOW the requests in flight; P50 and P99 are the time in the replica over the last " +
    "seconds.",
  examples: [
    ["top", "live, until q or ^C"],
    ["top --interval 5 --count 12", "a minute of it"],
  ],
};

/** The verb `top`. */
export function topCommand(): Command {
  return balancerCommand("top", MANUAL)
    .option(
      "--interval <SECONDS>",
      "seconds between two updates",
      wholeNumber("--interval", 1, 3600),
      1,
    )
    .option("--count <N>", "end after N updates", wholeNumber("--count", 1, 999_999_999))
    .option("--json", "print a JSON object for each interval: status, load, rates, last incident")
    .action(async (options: Options) => {
      const api = await apiOf(options);
      const live = Deno.stdout.isTerminal() && !options.json;
      await (live ? showLive(api, options) : printBlocks(api, options));
    });
}

/**
 * Prints a block for each interval. The first reading only begins the first interval; a balancer
 * that is unreachable at that time ends the command.
 */
async function printBlocks(
  api: Api,
  { interval, count = Infinity, json }: Options,
): Promise<void> {
  const sampler = new Sampler(api);
  await sampler.read(Date.now());
  for (let printed = 0; printed < count; printed++) {
    await elapsed(interval * 1000);
    const sample = await sampler.tryToRead(Date.now());
    const text = json ? jsonLine(api.url, sample) : `${block(api.url, sample)}\n`;
    if (!printUnlessClosed(text)) return;
  }
}

/** For an unreachable balancer `reached` is false and nothing else is known. */
function jsonLine(url: string, sample: Sample | undefined): string {
  const { rates, minute: _, ...rest } = sample ?? {};
  const replicas = rates && Object.fromEntries(rates.replicas);
  return jsonText({
    url,
    reached: sample !== undefined,
    ...rest,
    rates: rates && { ...rates, replicas },
  });
}

function block(url: string, sample: Sample | undefined): string {
  if (!sample) return `${url}: ${TRYING_AGAIN}`;
  const page = { paint: NO_PAINT, width: PIPE_WIDTH, height: Infinity };
  return topLines(url, sample, true, page).join("\n");
}

async function showLive(api: Api, { interval, count = Infinity }: Options): Promise<void> {
  const sampler = new Sampler(api);
  let sample = await sampler.read(Date.now());
  let reached = true;
  using screen = new LiveScreen();
  const draw = () =>
    screen.draw(topLines(api.url, sample, reached, { paint: paintOfOutput(), ...screen.size }));
  for (let times = 1; times <= count && !screen.ended; times++) {
    draw();
    const next = elapsed(interval * 1000).then(() => sampler.tryToRead(Date.now()));
    while (!await screen.settled(next) && !screen.ended) draw();
    if (screen.ended) return;
    const read = await next;
    reached = read !== undefined;
    sample = read ?? sample;
  }
}

function elapsed(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
