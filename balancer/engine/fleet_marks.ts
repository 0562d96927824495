/**
 * The mark of a fleet's owner: several volumes with labels (Docker Engine API v1.40, `/volumes`).
 *
 * @module
 */
import { FLEET_LABEL } from "./docker_names.ts";

/** A balancer, as its mark describes it. */
export interface Owner {
  /** Unique for ever. */
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  /** Id of the lock that the balancer holds on its state file; empty if it has none. */
  readonly lock: string;
}

/** The fields of a volume that are used. */
export interface Volume {
  readonly Name: string;
  readonly Labels: Readonly<Record<string, string>> | null;
  /** ISO 8601, by the Engine's clock. */
  readonly CreatedAt?: string;
}

/** The calls to the Engine that the ownership needs. */
export interface OwnerApi {
  /** Creates a volume, or returns the existing one of the name. */
  create(name: string, labels: Record<string, string>): Promise<Volume>;
  /** Returns every volume with a label. */
  list(label: string): Promise<readonly Volume[]>;
  /** Removes a volume. A volume that does not exist counts as removed. */
  remove(name: string): Promise<void>;
  /** Returns the Engine's time, in milliseconds since the epoch. */
  now(): Promise<number>;
}

/** Labels of the volumes of a mark. */
const MARK_LABEL = "ringkeeper.mark";
const OWNER_LABEL = "ringkeeper.owner";
const HOST_LABEL = "ringkeeper.host";
const PID_LABEL = "ringkeeper.pid";
const LOCK_LABEL = "ringkeeper.lock";

/** Kinds of volumes in a mark: the owner, its last heartbeat, a request to take over. */
export type Kind = "owner" | "beat" | "take-over";

/** Returns the labels of a volume of a mark. */
export function markLabels(
  kind: Kind,
  { fleet, self }: { readonly fleet: string; readonly self: Owner },
): Record<string, string> {
  return {
    [FLEET_LABEL]: fleet,
    [MARK_LABEL]: kind,
    [OWNER_LABEL]: self.id,
    [HOST_LABEL]: self.host,
    [PID_LABEL]: String(self.pid),
    [LOCK_LABEL]: self.lock,
  };
}

/** Returns the kind of a volume; undefined if it is not part of a mark. */
export function kindOf({ Labels }: Volume): Kind | undefined {
  return Labels?.[MARK_LABEL] as Kind | undefined;
}

/** Returns the balancer that created a volume. */
export function ownerOf({ Labels }: Volume): Owner {
  return {
    id: Labels?.[OWNER_LABEL] ?? "",
    host: Labels?.[HOST_LABEL] ?? "",
    pid: Number(Labels?.[PID_LABEL] ?? 0),
    lock: Labels?.[LOCK_LABEL] ?? "",
  };
}

/** Returns the owner of the fleet; undefined if there is none. */
export function claimOf(marks: readonly Volume[]): Owner | undefined {
  const claim = marks.find((mark) => kindOf(mark) === "owner");
  return claim && ownerOf(claim);
}

/** Returns a text that changes with each heartbeat. */
export function beatsOf(marks: readonly Volume[]): string {
  return marks.filter((mark) => kindOf(mark) === "beat").map(({ Name }) => Name).sort().join();
}

/** Returns when the owner was last alive, by the Engine's clock; 0 if unknown. */
export function lastBeat(marks: readonly Volume[]): number {
  const times = marks.filter((mark) => kindOf(mark) !== "take-over")
    .map(({ CreatedAt }) => Date.parse(CreatedAt ?? "") || 0);
  return Math.max(0, ...times);
}

/** Describes a balancer for messages. */
export function describe({ host, pid }: Owner): string {
  return `the balancer with process id ${pid} on ${host}`;
}
