/**
 * The only things that the data plane and the fleet share: a {@linkcode View} goes down, evidence
 * comes up, and a drain is asked for and answered.
 *
 * @module
 */
import type { Ring } from "../ring/mod.ts";

/** Where an instance can be reached. */
export interface Address {
  /** Host name or IP address, without brackets for IPv6. */
  readonly hostname: string;
  /** TCP port, 1 to 65535. */
  readonly port: number;
}

/** A ready replica: the name that the ring knows and the instance behind it right now. */
export interface Upstream {
  readonly name: string;
  /** Id of the instance, so that evidence about a replaced one can be told apart. */
  readonly instance: string;
  readonly address: Address;
}

/** An immutable snapshot to route by. A change makes a new one with a higher version. */
export interface View {
  readonly version: number;
  readonly ring: Ring;
  /** The replicas that may be sent requests, by name. Health changes swap this map only. */
  readonly ready: ReadonlyMap<string, Upstream>;
}

/** How a forwarded request failed: what happened to its connection. */
export type FailureKind = "refused" | "reset" | "timeout" | "malformed";

/** What the data plane noticed about an instance while forwarding to it. */
export interface Evidence {
  readonly name: string;
  readonly instance: string;
  readonly kind: FailureKind;
}

/** What the fleet asks of the data plane. */
export interface DataPlane {
  /** Routes every request from now on by this view. */
  publish(view: View): void;
  /**
   * Waits until no request is in flight to an instance. Call it after a view without the
   * instance was published, or new requests keep coming.
   *
   * @param instance id of the instance
   * @param deadlineMs longest wait in milliseconds
   * @returns true when the instance is idle, false when the deadline came first
   */
  idle(instance: string, deadlineMs: number): Promise<boolean>;
}
