/**
 * The command line of `deno task bench:proxy`.
 *
 * @module
 */
import { CommandLine } from "../../tools/command_line.ts";

/** What the bench was asked for. */
export interface Options {
  /** Names of the scenarios to run; none: all of them. */
  readonly scenarios: readonly string[];
  /** Names of the proxies to run; none: all of them. */
  readonly proxies: readonly string[];
  /** How often each proxy has its turn in a scenario. */
  readonly rounds: number;
  /** Seconds that one measurement takes. */
  readonly seconds: number;
  /** Seconds of load before it. */
  readonly warmUp: number;
  /** Connections of the scenario `idle`. */
  readonly idle: number;
  /** Folder of the results, from the project's root. */
  readonly out: string;
  readonly quick: boolean;
  readonly help: boolean;
}

/** What `--help` prints. */
export const HELP =
  `Runs the balancer and its peers in front of the same upstreams, and compares them.

Usage: deno task bench:proxy [options]

  --scenario NAME   small, many, crowd, heads, large, latency, tail, idle or view; may be
                    repeated (default: all)
  --proxy NAME      ringkeeper, nginx, haproxy, caddy, http-proxy, reply-from or relay; may be
                    repeated (default: all)
  --rounds N        turns of each proxy in each scenario (default 3)
  --seconds N       length of a measurement (default 4)
  --idle N          connections of the scenarios idle and silent (default 10000)
  --out FOLDER      where the results go, in docs/bench or .run (default docs/bench; with --quick
                    .run/bench-proxy)
  --quick           one round of two seconds
  --help            this text

The whole takes about twenty minutes, with --quick about five.`;

const COMMAND_LINE = new CommandLine("bench:proxy");

const OPTIONS = {
  scenario: { type: "string", multiple: true },
  proxy: { type: "string", multiple: true },
  rounds: { type: "string" },
  seconds: { type: "string" },
  idle: { type: "string" },
  out: { type: "string" },
  quick: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/** Names that the options accept. */
export interface Known {
  readonly scenarios: readonly string[];
  readonly proxies: readonly string[];
}

/**
 * Reads the command line.
 *
 * @param args the arguments
 * @param known the scenarios and proxies that there are
 * @throws {ToolError} with exit code 2 and a message that says what would have been accepted
 */
export function readOptions(args: readonly string[], known: Known): Options {
  const given = COMMAND_LINE.parse(args, OPTIONS);
  const quick = given.quick ?? false;
  return {
    scenarios: names("--scenario", given.scenario ?? [], known.scenarios),
    proxies: names("--proxy", given.proxy ?? [], known.proxies),
    rounds: COMMAND_LINE.whole("--rounds", given.rounds ?? (quick ? "1" : "3"), 1, 100),
    seconds: COMMAND_LINE.whole("--seconds", given.seconds ?? (quick ? "2" : "4"), 1, 600),
    warmUp: quick ? 1 : 2,
    idle: COMMAND_LINE.whole("--idle", given.idle ?? "10000", 1, 25_000),
    out: given.out ?? (quick ? ".run/bench-proxy" : "docs/bench"),
    quick,
    help: given.help ?? false,
  };
}

function names(option: string, given: readonly string[], known: readonly string[]): string[] {
  const unknown = given.find((name) => !known.includes(name));
  if (unknown === undefined) return [...given];
  throw COMMAND_LINE.usage(`${option} must be one of ${known.join(", ")}; got "${unknown}"`);
}
