/**
 * The parts of the desired state that are not in the members, and the settings that they start from.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";
import type { Template } from "../../engine/engine.ts";
import type { GivenUpstream } from "../../upstream_list.ts";
import type { MaintenanceState } from "../../view.ts";
import type { RingShape, RingSpec } from "../spec/ring_spec.ts";
import type { MachineDrain, SavedFleet } from "./store.ts";

/** Settings of the desired state. */
export interface DesiredSettings {
  /**
   * True if several balancers use the store. The stored state then counts in any case, and the
   * settings only where there is none.
   */
  readonly shared?: boolean;
  /** Value of `LB_REPLICAS`. */
  readonly desired: number;
  /** Ring shape of the settings. */
  readonly shape: RingShape;
  /** Template of the settings, if the engine runs the instances. */
  readonly settings?: Template;
  /** Value of `LB_UPSTREAMS`, if the balancer does not run the instances. */
  readonly upstreams?: readonly GivenUpstream[];
  readonly log: Logger;
}

/** The desired state without the members. */
export interface Desired {
  /** Template of new instances: that of the settings, or a deployed one. */
  readonly template: Template;
  /** Template of the deploy in progress; undefined if there is none. */
  readonly deploy: Template | undefined;
  /** Present shape of the ring. */
  readonly shape: RingShape;
  /** Present upstreams; undefined if the engine runs its own instances. */
  readonly upstreams: readonly GivenUpstream[] | undefined;
  /** The maintenance under way; undefined if there is none. */
  readonly maintenance: MaintenanceState | undefined;
  /** The machine that is being drained; undefined if there is none. */
  readonly drain: MachineDrain | undefined;
}

/** Changes of a shared state. */
export interface SharedEdit extends Partial<Desired> {
  /** Weight of every replica in the ring, by name. */
  readonly weights?: RingSpec["weights"];
  readonly joining?: NonNullable<SavedFleet["joining"]>;
}
