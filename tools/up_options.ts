/**
 * The command line of `deno task up`.
 *
 * @module
 */
import { ENGINES, type EngineWish } from "./engine_choice.ts";
import { CommandLine } from "./command_line.ts";

/** What `up` was asked for. */
export interface UpOptions {
  readonly engine: EngineWish;
  readonly replicas: number;
  readonly port: number;
  /** Whether another balancer that has the fleet is asked to hand it over. */
  readonly takeOver: boolean;
  readonly help: boolean;
}

/** Looks up an environment variable. */
export type Lookup = (name: string) => string | undefined;

/** What `up --help` prints. */
export const UP_HELP = `Starts the balancer and its replicas, and waits until they are ready.

Usage: deno task up [options]        make run [ENGINE=..] [REPLICAS=..] [PORT=..]

  --engine auto|process|docker   what runs the replicas; auto (default) is docker where a Docker
                                 engine and compose are there, else processes
  --replicas N                   how many replicas, from 0 (default 3)
  --port P                       public port (default 5000)
  --take-over                    ask another balancer that has the fleet to hand it over; it ends
  --help                         this text

Every other setting is an environment variable LB_*, see README.md; LB_ENGINE, LB_REPLICAS and
LB_PORT stand in for options that are not given.`;

const COMMAND_LINE = new CommandLine("up");

const OPTIONS = {
  engine: { type: "string" },
  replicas: { type: "string" },
  port: { type: "string" },
  "take-over": { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/**
 * Reads the command line.
 *
 * @param args the arguments
 * @param env environment variables; they stand in for options that were not given
 * @throws {ToolError} with exit code 2 and a message that says what would have been accepted
 */
export function readUpOptions(args: readonly string[], env: Lookup): UpOptions {
  const given = COMMAND_LINE.parse(args, OPTIONS);
  return {
    engine: engine(given.engine ?? (env("LB_ENGINE") || "auto")),
    replicas: COMMAND_LINE.whole(
      "--replicas",
      given.replicas ?? (env("LB_REPLICAS") || "3"),
      0,
      4096,
    ),
    port: COMMAND_LINE.whole("--port", given.port ?? (env("LB_PORT") || "5000"), 1, 65535),
    takeOver: given["take-over"] ?? ["true", "1"].includes(env("LB_TAKE_OVER") ?? ""),
    help: given.help ?? false,
  };
}

function engine(value: string): EngineWish {
  const found = ENGINES.find((known) => known === value);
  if (found) return found;
  const hint = value === "static" ? " (LB_ENGINE=static goes with deno task balancer)" : "";
  throw COMMAND_LINE.usage(`--engine must be one of ${ENGINES.join(", ")}; got "${value}"${hint}`);
}
