/**
 * The shape of the ring on the command line.
 *
 * @module
 */
import { type Command, Option } from "commander";
import { hashFamilies, LAYOUTS } from "../../ring/mod.ts";
import { wholeNumber } from "../up/task_command.ts";
import type { Shape } from "./api.ts";

const whole = (option: string) => wholeNumber(option, 1, 999_999_999);

/**
 * Adds the options of the ring's shape. The balancer validates the values.
 *
 * @param command the command
 */
export function withShapeOptions(command: Command): Command {
  return command
    .option("--slots <M>", "slots of the ring", whole("--slots"))
    .option("--virtual-servers <K>", "virtual servers of a replica", whole("--virtual-servers"))
    .addOption(suggesting("--layout <LAYOUT>", "layout of the ring", LAYOUTS))
    .addOption(
      suggesting("--hashes <HASHES>", "hash functions of the ring", Object.keys(hashFamilies)),
    );
}

/** The choices appear in the help and in completions; the balancer validates the value. */
function suggesting(flags: string, about: string, choices: readonly string[]): Option {
  return new Option(flags, about).choices(choices).argParser((text) => text);
}

/**
 * Returns the given options of the shape.
 *
 * @param options options of the command
 */
export function shapeOf({ slots, virtualServers, layout, hashes }: Shape): Shape {
  const all = { slots, virtualServers, layout, hashes };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
