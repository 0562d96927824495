/**
 * Command lines that the tools advise.
 *
 * @module
 */
import { DEFAULT_FLEET } from "../../balancer/engine/fleet_names.ts";

/**
 * The command line of a verb of the Makefile on a fleet.
 *
 * @param fleet its name
 * @param verb the verb
 */
export function verbOf(fleet: string, verb: string): string {
  return `${fleet === DEFAULT_FLEET ? "" : `LB_FLEET=${fleet} `}make ${verb}`;
}
