/**
 * The command line of `deno task bench:heal`.
 *
 * @module
 */
import { CommandLine } from "../../tools/command_line.ts";

/** What the bench was asked for. */
export interface Options {
  /** Names of the parts to run; none: all of them. */
  readonly only: readonly string[];
  /** Kills of replicas for each contestant. */
  readonly kills: number;
  /** Replicas that are made to hang. */
  readonly pauses: number;
  /** Kills of the balancer for each engine. */
  readonly balancerKills: number;
  /** Seconds of load before the first failure and after the last. */
  readonly seconds: number;
  /** Seconds that a replica has to have been in the ring before it is struck again. */
  readonly rest: number;
  readonly seed: number;
  /** Folder of the results, from the project's root. */
  readonly out: string;
  readonly quick: boolean;
  readonly help: boolean;
}

/** What `--help` prints. */
export const HELP =
  `Kills replicas under a mixed load and says what each failure costs, beside HAProxy.

Usage: deno task bench:heal [options]

  --only PARTS        docker-cold, docker-spare, process-cold, process-spare, haproxy, pause,
                      balancer-docker or balancer-process, separated by commas (default: all)
  --kills N           kills of replicas for each contestant (default 50)
  --pause N           replicas that are made to hang by docker pause (default 20)
  --balancer-kills N  kills of the balancer for each engine (default 20)
  --seconds N         load before the first failure and after the last (default 5)
  --rest N            seconds that a replica has been in the ring before it is struck again
                      (default 1; at least 10 for HAProxy, because Docker's restart=always slows
                      down for containers that lived shorter)
  --seed N            of all choices (default 1)
  --out FOLDER        where the results go, in docs/bench or .run (default docs/bench; with --quick
                      .run/bench-heal)
  --quick             5 kills, 3 pauses, 3 kills of the balancer
  --help              this text

The whole takes about 20 minutes, with --quick about five. Nothing is left behind, also after
Ctrl-C. No restart of the Docker Engine is part of it: that would take others' containers along.`;

const COMMAND_LINE = new CommandLine("bench:heal");

const OPTIONS = {
  "only": { type: "string" },
  "kills": { type: "string" },
  "pause": { type: "string" },
  "balancer-kills": { type: "string" },
  "seconds": { type: "string" },
  "rest": { type: "string" },
  "seed": { type: "string" },
  "out": { type: "string" },
  "quick": { type: "boolean" },
  "help": { type: "boolean", short: "h" },
} as const;

/**
 * Reads the command line.
 *
 * @param args the arguments
 * @param parts names of the parts that there are
 * @throws {ToolError} with exit code 2 and a message that says what would have been accepted
 */
export function readOptions(args: readonly string[], parts: readonly string[]): Options {
  const given = COMMAND_LINE.parse(args, OPTIONS);
  const quick = given.quick ?? false;
  const number = (name: "kills" | "pause" | "balancer-kills", full: number, few: number) =>
    COMMAND_LINE.whole(`--${name}`, given[name] ?? String(quick ? few : full), 1, 10_000);
  return {
    only: namesIn(given.only, parts),
    kills: number("kills", 50, 5),
    pauses: number("pause", 20, 3),
    balancerKills: number("balancer-kills", 20, 3),
    seconds: COMMAND_LINE.whole("--seconds", given.seconds ?? (quick ? "2" : "5"), 1, 600),
    rest: COMMAND_LINE.whole("--rest", given.rest ?? "1", 0, 600),
    seed: COMMAND_LINE.whole("--seed", given.seed ?? "1", 0, 999_999_999),
    out: given.out ?? (quick ? ".run/bench-heal" : "docs/bench"),
    quick,
    help: given.help ?? false,
  };
}

function namesIn(list: string | undefined, parts: readonly string[]): string[] {
  const names = list?.split(",").map((name) => name.trim()) ?? [];
  const unknown = names.find((name) => !parts.includes(name));
  if (unknown === undefined) return names;
  throw COMMAND_LINE.usage(`--only must be one or more of ${parts.join(", ")}; got "${unknown}"`);
}
