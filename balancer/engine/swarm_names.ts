/**
 * Names and labels of the services of a fleet.
 *
 * The name of a service cannot change, is narrower than a replica's, and is unique in the swarm:
 * it carries the name of the start and a generation, so that of two balancers that start the same
 * generation exactly one does. Everything that may change is a label.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { FLEET_LABEL, REPLICA_LABEL, ROLE_LABEL, SPARE, TEMPLATE_LABEL } from "./docker_names.ts";
import type { Launch } from "./engine.ts";
import type { ServiceInfo } from "./swarm_objects.ts";

/**
 * Label of the containers of a fleet's services, which are not containers of engine docker: that
 * engine takes every container with the fleet's own label for its own.
 */
export const TASK_LABEL = "ringkeeper.swarm";

/** Label with the number of the start. Names of services are cut, labels are not. */
const GENERATION_LABEL = "ringkeeper.generation";

/** Label with the name of the start, which a later rename does not change. */
const START_LABEL = "ringkeeper.start";

/** Longest name of a service. */
const LONGEST = 63;

/** Length of the readable part of a name. */
const READABLE = 40;

/** Hexadecimal digits of the hash that makes the name unique. */
const HASH_DIGITS = 12;

/**
 * Returns the name of a service.
 *
 * @param prefix prefix of the fleet's names
 * @param fleet the fleet
 * @param name name of the start
 * @param generation number of the start, from 1
 */
export function serviceName(
  { prefix, fleet }: { readonly prefix: string; readonly fleet: string },
  name: string,
  generation: number,
): string {
  const hash = createHash("sha256").update(`${fleet}\0${name}`).digest("hex");
  const end = `${hash.slice(0, HASH_DIGITS)}-${generation}`;
  const readable = `${prefix}${name}`.replace(/[^A-Za-z0-9]+/g, "-").replace(/^-/, "");
  return `${readable.slice(0, Math.min(READABLE, LONGEST - end.length - 1))}-${end}`
    .replace(/^-|-(?=-)/g, "");
}

/**
 * Returns the labels of a service.
 *
 * @param fleet the fleet
 * @param launch the instance to start
 * @param generation number of the start
 */
export function serviceLabels(
  fleet: string,
  { name, spare, template }: Launch,
  generation: number,
): Record<string, string> {
  return {
    [FLEET_LABEL]: fleet,
    [REPLICA_LABEL]: name,
    [START_LABEL]: name,
    [GENERATION_LABEL]: String(generation),
    [TEMPLATE_LABEL]: JSON.stringify(template),
    ...(spare ? { [ROLE_LABEL]: SPARE } : {}),
  };
}

/** Returns the labels after a rename: a spare that is given a name is no spare any more. */
export function renamedLabels(
  labels: Readonly<Record<string, string>>,
  name: string,
): Record<string, string> {
  const { [ROLE_LABEL]: _, ...rest } = labels;
  return { ...rest, [REPLICA_LABEL]: name };
}

/** Returns a service's labels. */
export function labelsOf({ Spec }: ServiceInfo): Readonly<Record<string, string>> {
  return Spec.Labels ?? {};
}

/** Returns the instance that a service is. */
export function serviceIdentity(service: ServiceInfo): {
  readonly name: string;
  readonly spare: boolean;
} {
  const labels = labelsOf(service);
  return { name: labels[REPLICA_LABEL] ?? "", spare: labels[ROLE_LABEL] === SPARE };
}

/**
 * Returns the generation of the next start.
 *
 * @param services services of the fleet
 * @param name name of the start
 */
export function nextGeneration(services: readonly ServiceInfo[], name: string): number {
  const used = services.map(labelsOf).filter((labels) => labels[START_LABEL] === name)
    .map((labels) => Number(labels[GENERATION_LABEL]) || 0);
  return Math.max(0, ...used) + 1;
}
