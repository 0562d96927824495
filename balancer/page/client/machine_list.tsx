/**
 * The list of machines above the table of replicas.
 *
 * @module
 */
import type { JSX } from "preact";
import type { ReplicaStatus } from "../../answers/fleet.ts";
import { machineCounts } from "./machines.ts";

/** One line with all machines; nothing if no replica has one. */
export function Machines({ replicas }: {
  readonly replicas: readonly ReplicaStatus[];
}): JSX.Element | null {
  const counts = machineCounts(replicas);
  if (counts.length === 0) return null;
  return (
    <ul class="machines" aria-label="Machines">
      {counts.map(({ machine, ready, replicas }) => (
        <li key={machine} class={ready < replicas ? "bad" : ""}>
          <strong>{machine}</strong> {ready} of {replicas} ready
        </li>
      ))}
    </ul>
  );
}
