/**
 * Names on a Docker Engine that follow the fleet, so that several fleets share an Engine without
 * collisions.
 *
 * @module
 */

/** The default of `LB_FLEET`. Its names have no fleet in them. */
export const DEFAULT_FLEET = "ringkeeper";

/** Names that a fleet may have. */
export const FLEET_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/;

/** The settings that the names depend on. */
export interface FleetNaming {
  readonly LB_FLEET: string;
  /** Empty: by the fleet. */
  readonly LB_CONTAINER_PREFIX: string;
  /** Empty: by the fleet. */
  readonly LB_DOCKER_NETWORK: string;
}

/**
 * The text before a replica's name in the name of its container: `shop-Server1` in the fleet `shop`,
 * `Server1` in the default fleet.
 *
 * @param settings of the fleet
 */
export function containerPrefix({ LB_FLEET, LB_CONTAINER_PREFIX }: FleetNaming): string {
  if (LB_CONTAINER_PREFIX !== "") return LB_CONTAINER_PREFIX;
  return LB_FLEET === DEFAULT_FLEET ? "" : `${LB_FLEET}-`;
}

/**
 * The network that replicas join: `ringkeeper-shop` in the fleet `shop`, `ringkeeper` in the default
 * fleet.
 *
 * @param settings of the fleet
 */
export function replicaNetwork({ LB_FLEET, LB_DOCKER_NETWORK }: FleetNaming): string {
  if (LB_DOCKER_NETWORK !== "") return LB_DOCKER_NETWORK;
  return LB_FLEET === DEFAULT_FLEET ? DEFAULT_FLEET : `${DEFAULT_FLEET}-${LB_FLEET}`;
}
