/**
 * The files of a fleet that `up` starts, and the names of its objects on a Docker Engine. Every
 * fleet has its own; the default fleet keeps those of the first versions.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { DEFAULT_FLEET, FLEET_NAME } from "../balancer/engine/fleet_names.ts";
import { ROOT, rootPath, RUN_DIR } from "./project.ts";
import { ToolError, USAGE } from "./tool.ts";

/** Names and files of one fleet. */
export interface FleetPlaces {
  readonly fleet: string;
  /** The compose project, given by `-p`: docker-compose 1.29 does not know a top-level `name`. */
  readonly project: string;
  /** The network on which the balancer is published. */
  readonly front: string;
  /** The network of the replicas, unless `LB_DOCKER_NETWORK` names another. */
  readonly back: string;
  readonly images: Readonly<Record<"balancer" | "replica", string>>;
  /** Folder for files that live only as long as the fleet's balancer runs. */
  readonly folder: URL;
  /** The state file of `up`. */
  readonly stateFile: URL;
  /** Log of a balancer that runs in the background. */
  readonly logFile: URL;
  /**
   * The balancer's own state, relative to the root: within `.run/state`, which the balancer may
   * write.
   */
  readonly fleetFile: string;
  /** The generated admin token, relative to the root: beside the state file. */
  readonly tokenFile: string;
}

/** Folder of all fleets but the default one, with a folder for each. */
export const FLEETS = new URL(".run/state/fleets/", ROOT);

/**
 * Returns the fleet that the environment names.
 *
 * @param env looks up a variable
 * @throws {ToolError} with exit code 2: `LB_FLEET`, its form and the value received
 */
export function fleetOf(env: (name: string) => string | undefined): string {
  const fleet = env("LB_FLEET") || DEFAULT_FLEET;
  if (FLEET_NAME.test(fleet)) return fleet;
  const rule = "at most 63 letters, digits, `_`, `.` and `-`, with a letter or digit first";
  throw new ToolError(`LB_FLEET must be ${rule}; got "${fleet}"`, USAGE);
}

/** The fleet in this program's environment. */
export function fleetOfEnvironment(): string {
  return fleetOf((name) => Deno.env.get(name));
}

/**
 * Returns the names and files of a fleet.
 *
 * @param fleet its name
 */
export function placesOf(fleet: string): FleetPlaces {
  const isDefault = fleet === DEFAULT_FLEET;
  const names = isDefault ? DEFAULT_NAMES : namesOf(fleet);
  const folder = isDefault ? RUN_DIR : new URL(`${fleet}/`, FLEETS);
  const fleetFile = isDefault ? ".run/state/fleet.json" : `${rootPath(folder)}fleet.json`;
  return {
    fleet,
    ...names,
    folder,
    stateFile: new URL("state.json", folder),
    logFile: new URL("balancer.log", folder),
    fleetFile,
    tokenFile: `${fleetFile}.admin-token`,
  };
}

const DEFAULT_NAMES = {
  project: "ringkeeper",
  front: "ringkeeper",
  back: "ringkeeper-back",
  images: { balancer: "ringkeeper-balancer", replica: "ringkeeper-replica" },
};

/** No two fleets share a name: no project has a dot, and each name has one ending. */
function namesOf(fleet: string): typeof DEFAULT_NAMES {
  const project = `ringkeeper-${projectPart(fleet)}`;
  return {
    project,
    front: `${project}.front`,
    back: `${project}.replicas`,
    images: {
      balancer: `ringkeeper-balancer:${fleet}`,
      replica: `ringkeeper-replica:${fleet}`,
    },
  };
}

/**
 * Compose allows lower-case letters, digits, `_` and `-`; a hash distinguishes names that become
 * equal.
 */
function projectPart(fleet: string): string {
  if (/^[a-z0-9_-]+$/.test(fleet)) return fleet;
  const hash = createHash("sha256").update(fleet).digest("hex").slice(0, 8);
  return `${fleet.toLowerCase().replace(/[^a-z0-9_-]/g, "-")}-${hash}`;
}

/**
 * Returns the name of the front network. The Engine publishes ports on the network whose name comes
 * first in byte order, and that must not be the network of the replicas.
 *
 * @param front the fleet's own name for the front network
 * @param back the network of the replicas
 * @throws {ToolError} no name sorts before that of the replicas' network
 */
export function frontNetwork(front: string, back: string): string {
  const found = [front, `0-${front}`].find((name) => name < back);
  if (found !== undefined) return found;
  throw new ToolError(
    `LB_DOCKER_NETWORK must come after "0-${front}", the front network, in the order of bytes, for ` +
      `the Engine publishes ports on the first of a container's networks; got "${back}"`,
    USAGE,
  );
}
