/**
 * What `up` is asked for: its options, and the settings that stand in for them.
 *
 * @module
 */
import { ENGINES, type EngineWish } from "../docker/engine_choice.ts";
import { wholeNumber } from "./task_command.ts";
import { ToolError, USAGE } from "../tool.ts";

/** Options of the command line. */
export interface GivenUpOptions {
  readonly engine?: EngineWish;
  readonly replicas?: number;
  readonly port?: number;
  readonly takeOver?: true;
}

/** What `up` was asked for. */
export interface UpOptions {
  readonly engine: EngineWish;
  readonly replicas: number;
  readonly port: number;
  /** Whether another balancer that has the fleet is asked to hand it over. */
  readonly takeOver: boolean;
}

/** Looks up an environment variable. */
export type Lookup = (name: string) => string | undefined;

/**
 * Completes the options of the command line by settings, and those by defaults.
 *
 * @param given the options
 * @param env environment variables
 * @throws {ToolError} with exit code 2: the setting, what it must be and what it was
 */
export function readUpOptions(given: GivenUpOptions, env: Lookup): UpOptions {
  const number = (name: string, fallback: string, min: number, max: number) =>
    wholeNumber(name, min, max)(env(name) || fallback);
  return {
    engine: given.engine ?? engineOf("LB_ENGINE", env("LB_ENGINE") || "auto"),
    replicas: given.replicas ?? number("LB_REPLICAS", "3", 0, 4096),
    port: given.port ?? number("LB_PORT", "5000", 1, 65535),
    takeOver: given.takeOver ?? ["true", "1"].includes(env("LB_TAKE_OVER") ?? ""),
  };
}

/**
 * Reads the name of an engine.
 *
 * @param option where it was given
 * @throws {ToolError} with exit code 2: the option, what it must be and what it was
 */
export function engineOf(option: string, value: string): EngineWish {
  const found = ENGINES.find((known) => known === value);
  if (found) return found;
  const hint = value === "static" ? " (LB_ENGINE=static goes with deno task balancer)" : "";
  throw new ToolError(
    `${option} must be one of ${ENGINES.join(", ")}; got "${value}"${hint}`,
    USAGE,
  );
}
