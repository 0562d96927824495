/**
 * The mark of a fleet's owner in a swarm: configs with labels, where a single Engine has volumes.
 * They are created atomically by name, and every manager shows them.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { FLEET_LABEL } from "./docker_names.ts";
import type { OwnerApi, Volume } from "./fleet_marks.ts";
import type { SwarmApi } from "./swarm_api.ts";
import type { ConfigInfo } from "./swarm_objects.ts";

/** Label with the whole name of a mark; names of configs are short. */
const NAME_LABEL = "ringkeeper.name";

/**
 * Returns the calls about the marks of a fleet.
 *
 * @param api calls to a manager
 * @param fleet the fleet
 */
export function swarmMarks(api: SwarmApi, fleet: string): OwnerApi {
  const all = async () => (await api.configs(`${FLEET_LABEL}=${fleet}`)).filter(isMark);
  return {
    create: async (name, labels) => {
      await api.createConfig(configName(name), { ...labels, [NAME_LABEL]: name });
      const found = (await all()).find((config) => nameOf(config) === name);
      // Another balancer may have removed it since.
      return found ? markOf(found) : { Name: name, Labels: null };
    },
    list: async () => (await all()).map(markOf),
    remove: async (name) => {
      for (const config of await all()) {
        if (nameOf(config) === name) await api.removeConfig(config.ID);
      }
    },
    now: () => api.now(),
  };
}

/** A config's name has at most 64 characters. */
function configName(name: string): string {
  return `ringkeeper-${createHash("sha256").update(name).digest("hex").slice(0, 32)}`;
}

function nameOf({ Spec }: ConfigInfo): string {
  return Spec.Labels?.[NAME_LABEL] ?? "";
}

function isMark(config: ConfigInfo): boolean {
  return nameOf(config) !== "";
}

function markOf(config: ConfigInfo): Volume {
  const { CreatedAt, Spec: { Labels } } = config;
  return { Name: nameOf(config), Labels: Labels ?? null, CreatedAt };
}
