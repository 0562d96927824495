/**
 * The command line of `deno task bench:ring`.
 *
 * @module
 */
import { CommandLine } from "../../tools/command_line.ts";

/** What the bench was asked for. */
export interface Options {
  /** How often each contestant has its turn in a race. */
  readonly rounds: number;
  /** Milliseconds of a turn. */
  readonly turnMs: number;
  /** Different keys that balance and movement are counted with. */
  readonly keys: number;
  /** Folder of the results, from the project's root. */
  readonly out: string;
  /** Whether the ring's README gets the results: if they go where it looks for them. */
  readonly readme: boolean;
  /** Whether to write nothing but the README's table that follows from the code. */
  readonly layouts: boolean;
  readonly quick: boolean;
  readonly help: boolean;
}

/** What `--help` prints. */
export const HELP =
  `Compares the ring with npm packages: what they do with keys, and what that costs.

Usage: deno task bench:ring [options]

  --rounds N    turns of each contestant in each race (default 15; at most 5 where one operation takes
                ten turns)
  --turn N      milliseconds of a turn (default 5)
  --keys N      different keys for balance and movement (default 100000)
  --out FOLDER  where the results go, in docs/bench or .run (default docs/bench; with --quick
                .run/bench-ring)
  --quick       five turns of 3 ms, 10000 keys, ring/README.md left as it is
  --layouts     only the table of layouts in ring/README.md, which needs no measuring
  --help        this text

Writes DATE-ring.json, .md and .svg, and the figures in ring/README.md. The whole takes about five
minutes, with --quick about one and a half.`;

const COMMAND_LINE = new CommandLine("bench:ring");

const OPTIONS = {
  rounds: { type: "string" },
  turn: { type: "string" },
  keys: { type: "string" },
  out: { type: "string" },
  layouts: { type: "boolean" },
  quick: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/**
 * Reads the command line.
 *
 * @param args the arguments
 * @throws {ToolError} with exit code 2 and a message that says what would have been accepted
 */
export function readOptions(args: readonly string[]): Options {
  const given = COMMAND_LINE.parse(args, OPTIONS);
  const quick = given.quick ?? false;
  return {
    rounds: COMMAND_LINE.whole("--rounds", given.rounds ?? (quick ? "5" : "15"), 1, 1000),
    turnMs: COMMAND_LINE.whole("--turn", given.turn ?? (quick ? "3" : "5"), 1, 10_000),
    keys: COMMAND_LINE.whole("--keys", given.keys ?? (quick ? "10000" : "100000"), 100, 1_000_000),
    out: given.out ?? (quick ? ".run/bench-ring" : "docs/bench"),
    readme: !quick && given.out === undefined,
    layouts: given.layouts ?? false,
    quick,
    help: given.help ?? false,
  };
}
