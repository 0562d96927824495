/**
 * The command line of `deno task experiments`.
 *
 * @module
 */
import { CommandLine } from "../../tools/command_line.ts";
import type { EngineName } from "../harness/balancer.ts";

/** What was asked for. */
export interface Options {
  /** Names of the parts to run; none: all of them. */
  readonly only: readonly string[];
  readonly engine: EngineName;
  /** Folder of the report, from the project's root. */
  readonly out: string;
  /** Requests of the stress test; as many as the files allow, where it is not given. */
  readonly stress?: number;
  /** Nothing is run: the report and the charts are made again from the data that is there. */
  readonly report: boolean;
  readonly help: boolean;
}

/** What `--help` prints. */
export const HELP = `Runs the experiments of the seed document, and more, against the real balancer.

Usage: deno task experiments [options]

  --only PARTS     A-1, A-2, A-3, A-4, stress, B-1 or B-2, separated by commas (default: all); the
                   others keep the figures that they have
  --engine ENGINE  process (default) or docker: what runs the replicas. stress, B-1 and B-2 have
                   services of their own, which run as processes in either case
  --out FOLDER     where the report goes, docs or a folder in .run (default docs): experiments.md,
                   and beside it experiments/ with data (JSON, CSV) and charts (SVG, PNG)
  --stress N       requests in flight in the stress test (default 10000, or as many as the limit of
                   open files, ulimit -Hn, has room for: two files each)
  --report         run nothing, make charts and report again from the data that is there
  --help           this text

The whole takes about ten minutes. Nothing is left behind, also after Ctrl-C.`;

const COMMAND_LINE = new CommandLine("experiments");

const OPTIONS = {
  "only": { type: "string" },
  "engine": { type: "string" },
  "out": { type: "string" },
  "stress": { type: "string" },
  "report": { type: "boolean" },
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
  return {
    only: namesIn(given.only, parts),
    engine: engineIn(given.engine ?? "process"),
    out: folderIn(given.out ?? "docs"),
    ...given.stress === undefined
      ? {}
      : { stress: COMMAND_LINE.whole("--stress", given.stress, 1, 20_000) },
    report: given.report ?? false,
    help: given.help ?? false,
  };
}

function namesIn(list: string | undefined, parts: readonly string[]): string[] {
  const names = list?.split(",").map((name) => name.trim()) ?? [];
  return names.map((name) => {
    const part = parts.find((one) => one.toLowerCase() === name.toLowerCase());
    if (part !== undefined) return part;
    throw COMMAND_LINE.usage(`--only must be one or more of ${parts.join(", ")}; got "${name}"`);
  });
}

function engineIn(engine: string): EngineName {
  if (engine === "process" || engine === "docker") return engine;
  throw COMMAND_LINE.usage(`--engine must be process or docker; got "${engine}"`);
}

/** The task may write there and nowhere else. */
function folderIn(out: string): string {
  const folder = out.replace(/\/+$/, "");
  if (folder === "docs" || /^\.run(\/(?!\.\.(\/|$))[^/]+)*$/.test(folder)) return folder;
  throw COMMAND_LINE.usage(`--out must be docs or a folder in .run; got "${out}"`);
}
