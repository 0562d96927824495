/**
 * The options of `up`, and the settings that replace missing ones.
 *
 * @module
 */
import { ENGINES, type WantedEngine } from "../docker/engine_choice.ts";
import { wholeNumber } from "./task_command.ts";
import { ToolError, USAGE } from "../tool.ts";

/** Options of the command line. */
export interface GivenUpOptions {
  readonly engine?: WantedEngine;
  readonly replicas?: number;
  readonly port?: number;
  readonly takeOver?: true;
  /** Number of balancers, engine swarm. */
  readonly balancers?: number;
  /** Configuration file, absolute. */
  readonly config?: string;
}

/** The resolved options of `up`. */
export interface UpOptions {
  readonly engine: WantedEngine;
  readonly replicas: number;
  readonly port: number;
  /** Whether another balancer of the fleet is asked to hand the fleet over. */
  readonly takeOver: boolean;
  /** Number of balancers, engine swarm; undefined for one on each manager. */
  readonly balancers?: number | undefined;
}

/** The options of `up`, with the settings that it needs beside them. */
export interface UpSettings extends UpOptions {
  /** Configuration file, absolute; undefined for none. */
  readonly config?: string | undefined;
  /** Looks up a setting: in the environment, then in the file. */
  readonly env: Lookup;
}

/** Looks up an environment variable. */
export type Lookup = (name: string) => string | undefined;

/**
 * Fills in missing options from settings and defaults.
 *
 * @param given the options
 * @param env environment variables
 * @throws {ToolError} with exit code 2: the setting, the expected form and the value
 */
export function readUpOptions(given: GivenUpOptions, env: Lookup): UpOptions {
  const number = (name: string, fallback: string, min: number, max: number) =>
    wholeNumber(name, min, max)(env(name) || fallback);
  return {
    engine: given.engine ?? engineOf("LB_ENGINE", env("LB_ENGINE") || "auto"),
    replicas: given.replicas ?? number("LB_REPLICAS", "3", 0, 4096),
    port: given.port ?? number("LB_PORT", "5000", 1, 65535),
    takeOver: given.takeOver ?? ["true", "1"].includes(env("LB_TAKE_OVER") ?? ""),
    ...(given.balancers !== undefined && { balancers: given.balancers }),
  };
}

/**
 * Parses the name of an engine.
 *
 * @param option the option, for the message
 * @throws {ToolError} with exit code 2: the option, the expected form and the value
 */
export function engineOf(option: string, value: string): WantedEngine {
  const found = ENGINES.find((known) => known === value);
  if (found) return found;
  const hint = value === "static" ? " (LB_ENGINE=static goes with deno task balancer)" : "";
  throw new ToolError(
    `${option} must be one of ${ENGINES.join(", ")}; got "${value}"${hint}`,
    USAGE,
  );
}
