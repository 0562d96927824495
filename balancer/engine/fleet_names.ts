/**
 * Names on a Docker Engine that follow the fleet, so that several fleets share an Engine without
 * collisions.
 *
 * @module
 */

/** The default of `LB_FLEET`. Its names have no fleet in them. */
export const DEFAULT_FLEET = "ringkeeper";

/** Pattern of valid fleet names. */
export const FLEET_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/;

/** Settings that determine the names. */
interface FleetNaming {
  readonly fleet: { readonly name: string };
  readonly engine: {
    /** Empty: by the fleet. */
    readonly containerPrefix: string;
    /** Empty: by the fleet. */
    readonly network: string;
  };
}

/**
 * Returns the prefix of container names: `shop-Server1` in the fleet `shop`,
 * `Server1` in the default fleet.
 *
 * @param settings settings of the fleet
 */
export function containerPrefix({ fleet, engine }: FleetNaming): string {
  if (engine.containerPrefix !== "") return engine.containerPrefix;
  return fleet.name === DEFAULT_FLEET ? "" : `${fleet.name}-`;
}

/**
 * Returns the name of the replicas' network: `ringkeeper-shop` in the fleet `shop`, `ringkeeper` in the default
 * fleet.
 *
 * @param settings settings of the fleet
 */
export function replicaNetwork({ fleet, engine }: FleetNaming): string {
  if (engine.network !== "") return engine.network;
  return fleet.name === DEFAULT_FLEET ? DEFAULT_FLEET : `${DEFAULT_FLEET}-${fleet.name}`;
}
