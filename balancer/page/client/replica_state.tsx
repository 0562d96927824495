/**
 * The state of a replica with its cause.
 *
 * @module
 */
import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { age, duration, percent } from "./format.ts";
import { StateIcon } from "./icons.tsx";
import type { ReplicaStatus as Replica } from "../../answers/fleet.ts";
import { useStore } from "./store.ts";

/** Shown only if the value differs from the default. */
export function Weight(
  { replica: { weight, ramp } }: { readonly replica: Replica },
): JSX.Element | null {
  if (weight === 0) return <span class="tag">drained</span>;
  const parts: string[] = [];
  if (weight !== 1) parts.push(`weight ${weight}`);
  if (ramp < 1) parts.push(`slow start ${percent(ramp)}`);
  return parts.length === 0 ? null : <span class="tag">{parts.join(", ")}</span>;
}

/** The state as a word, an icon and a colour, and its duration; for a problem its cause. */
export function ReplicaState({ replica }: { readonly replica: Replica }): JSX.Element {
  const { name, state, since, nextStart } = replica;
  const { now, awaited, live } = useStore();
  const lost = live.value === "lost";
  // A signal of the text: hundreds of rows change only when what they show does.
  const lasts = useComputed(() => {
    const next = nextStart === null ? 0 : Date.parse(nextStart) - now.value;
    if (live.value === "lost") return "";
    return next > 0 ? startsIn(next) : age(now.value - Date.parse(since));
  });
  const cause = causeOf(replica);
  return (
    <>
      <span class={lost ? "state soft" : `state ${state}`}>
        {!lost && <StateIcon state={state} />} {lost && "was "}
        {state} <span class="soft">{lasts}</span>
        {awaited.value.has(name) && !lost && <span class="tag">requests are held</span>}
      </span>
      {cause !== undefined && <span class="cause">{cause}</span>}
    </>
  );
}

function startsIn(ms: number): string {
  return ms < 1000 ? "starts now" : `starts in ${duration(ms)}`;
}

/**
 * Why a replica is not ready: its failing health check, the way its instance ended, the error of
 * its start.
 *
 * @param replica the replica
 * @returns undefined for a ready one, and where nothing is known
 */
function causeOf({ state, start, lastError }: Replica): string | undefined {
  if (state === "ready" || state === "leaving") return undefined;
  if (start?.notReady) return `${start.notReady} (attempt ${start.attempt})`;
  if (!lastError) return undefined;
  const { message, exit, attempt = 1 } = lastError;
  const ending = exit === undefined || message.includes(exit) ? "" : `; ${exit}`;
  return `${message}${ending}${attempt > 1 ? ` (attempt ${attempt})` : ""}`;
}
