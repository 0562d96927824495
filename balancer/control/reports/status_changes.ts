/**
 * The difference between two statuses. Pure.
 *
 * @module
 */
import type { ReplicaStatus, Status } from "../../answers/fleet.ts";
import type { StatusChange } from "../../answers/status_change.ts";

/** A difference without its time. */
export type Difference = Omit<StatusChange, "type" | "at">;

/**
 * Returns what differs between two statuses.
 *
 * @param before the earlier one; undefined for the whole of the later one
 * @param after the later one
 * @returns undefined if they are equal
 */
export function differenceOf(before: Status | undefined, after: Status): Difference | undefined {
  const { replicas, ...rest } = after;
  const fields = Object.fromEntries(
    Object.entries(rest).filter(([field, value]) => !same(before?.[field as keyof Status], value)),
  );
  const former = new Map(before?.replicas.map((replica) => [replica.name, replica]));
  const changed = replicas.filter((replica) => !sameReplica(former.get(replica.name), replica));
  const moved = !before || replicas.length !== before.replicas.length ||
    replicas.some(({ name }, at) => name !== before.replicas[at]?.name);
  if (!moved && changed.length === 0 && Object.keys(fields).length === 0) return undefined;
  return {
    fields,
    replicas: changed,
    ...(moved ? { order: replicas.map(({ name }) => name) } : {}),
  };
}

/** Field by field: of a thousand replicas most have few fields that are objects. */
function sameReplica(before: ReplicaStatus | undefined, after: ReplicaStatus): boolean {
  if (!before) return false;
  const fields = Object.keys(after) as (keyof ReplicaStatus)[];
  return fields.every((field) => same(before[field], after[field]));
}

/** Compares values as JSON has them; the status is built with its fields in one order. */
function same(before: unknown, after: unknown): boolean {
  if (before === after) return true;
  if (typeof before !== "object" || typeof after !== "object") return false;
  if (before === null || after === null) return false;
  return JSON.stringify(before) === JSON.stringify(after);
}
