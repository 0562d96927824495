/**
 * The status from its changes. Pure.
 *
 * @module
 */
import type { Status } from "../../answers/fleet.ts";
import type { StatusChange } from "../../answers/status_change.ts";

/**
 * Returns the status after a change. A replica that the change does not name is the same object as
 * before, so that it need not be rendered again.
 *
 * @param before the status before the change; undefined if the change is the whole status
 * @param change the change
 */
export function afterStatusChange(
  before: Status | undefined,
  { fields, replicas, order }: StatusChange,
): Status {
  // The first change of a connection has every field.
  const status = { ...before, ...fields } as Status;
  if (before && replicas.length === 0 && !order) return status;
  const former = before?.replicas ?? [];
  const byName = new Map([...former, ...replicas].map((replica) => [replica.name, replica]));
  const names = order ?? former.map(({ name }) => name);
  return { ...status, replicas: names.flatMap((name) => byName.get(name) ?? []) };
}
