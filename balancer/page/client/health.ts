/**
 * The overall state in words. Each state has its own, and none claims more than is known. Pure.
 *
 * @module
 */
import type { CertificateStatus } from "../../answers/certificate.ts";
import type { Status } from "../../answers/fleet.ts";
import type { Incident } from "../../answers/incident.ts";
import { counted } from "./format.ts";

/** The facts that the page knows. */
export interface Known {
  readonly status: Status | undefined;
  readonly live: "connecting" | "live" | "lost";
  /** The reason why nothing may be read; undefined if reading is allowed. */
  readonly barred: string | undefined;
  /** Why the balancer refused the stream of its state; undefined if it did not. */
  readonly refused?: string | undefined;
}

/** A state: `warned` is deliberate and temporary, `unknown` is neither good nor bad. */
export interface Health {
  readonly tone: "good" | "warned" | "bad" | "unknown";
  readonly text: string;
}

/** The overall state of the fleet. */
export function healthOf({ status, live, barred, refused }: Known): Health {
  if (barred !== undefined) return { tone: "unknown", text: "Waiting for a token" };
  if (!status) {
    if (refused !== undefined) return { tone: "bad", text: "The balancer refuses the page" };
    return live === "lost"
      ? { tone: "bad", text: "The balancer does not answer" }
      : { tone: "unknown", text: "Reading the state…" };
  }
  const { ready, desired } = status;
  const { tone, prefix } = restrictionOf(status);
  const text = `${prefix}${ready} of ${counted(desired, "replica")} ready`;
  if (live === "lost") return { tone: "unknown", text: `Not connected; last known: ${text}` };
  if (desired === 0) return { tone: "unknown", text: "No replicas" };
  if (ready < desired) return { tone: "bad", text };
  return { tone, text };
}

/** A restriction of the balancer that exists even if all replicas are ready. */
function restrictionOf({ maintenance, cluster, engineUp }: Status) {
  if (cluster?.isolated) return { tone: "bad", prefix: "Shared store unreachable; " } as const;
  if (!engineUp) return { tone: "bad", prefix: "Engine does not answer; " } as const;
  if (maintenance) return { tone: "warned", prefix: "In maintenance; " } as const;
  return { tone: "good", prefix: "" } as const;
}

/** The text that replaces the page while it has no status. */
export function blankText({ live, barred, refused }: Known): string {
  if (barred !== undefined) {
    return "The balancer answers only with a token. Its state, ring, replicas and incidents are shown once you enter one.";
  }
  if (refused !== undefined) {
    return `The balancer refuses the page: ${refused}. The page tries again every second.`;
  }
  return live === "lost"
    ? "The balancer does not answer. The page tries again every second."
    : "Reading the state of the balancer…";
}

/** The text of the incidents card while there is no incident. */
export function noIncidents({ replicas, desired }: Status, live: Known["live"]): string {
  if (live === "lost") return "No incident was recorded before the connection was lost.";
  if (desired === 0) return "There are no replicas, so none has failed.";
  const never = replicas.filter(({ state }) => state !== "ready");
  if (never.length === 0) return "Nothing has failed since the balancer started.";
  return `No failure was recorded, but ${
    never.length === 1 ? `${never[0]?.name} is` : `${never.length} replicas are`
  } not ready.`;
}

/** The fault or the near end of a certificate, as a sentence; undefined without one. */
export function certificateProblem(
  { name, ending, daysLeft, fault }: CertificateStatus,
): string | undefined {
  if (fault !== null) return `Certificate ${name}: ${fault}`;
  if (!ending || daysLeft === null) return undefined;
  return daysLeft === 0
    ? `Certificate ${name} has ended, or ends today.`
    : `Certificate ${name} ends in ${counted(daysLeft, "day")}.`;
}

/** Incidents of one replica with one cause. */
export interface IncidentGroup {
  readonly key: string;
  /** The newest first. */
  readonly incidents: readonly [Incident, ...Incident[]];
}

/**
 * Groups incidents by replica and cause; the group with the newest incident comes first.
 *
 * @param incidents the newest first
 */
export function groupIncidents(incidents: readonly Incident[]): IncidentGroup[] {
  const groups = new Map<string, [Incident, ...Incident[]]>();
  for (const incident of incidents) {
    const key = `${incident.name} ${causeOf(incident)}`;
    const group = groups.get(key);
    if (group) group.push(incident);
    else groups.set(key, [incident]);
  }
  return [...groups].map(([key, incidents]) => ({ key, incidents }));
}

/** The cause without the figures that differ from one failure to the next. */
function causeOf({ signal, exit, startFailure }: Incident): string {
  return `${exit ?? signal}`.replace(/\d+ ?ms|:\d{4,5}\b/g, "#") +
    (startFailure === null ? "" : "!");
}

/** A replica flaps if it failed this often within {@linkcode FLAPPING_MS}. */
const FLAPPING = 3;
const FLAPPING_MS = 10 * 60_000;

/** A replica that fails again and again. */
export interface Flapping {
  readonly name: string;
  readonly times: number;
  readonly cause: string;
}

/**
 * Returns the replicas that failed several times in the last ten minutes, the worst first.
 *
 * @param incidents the newest first
 * @param names the replicas of the fleet: a removed one needs no warning
 * @param now milliseconds since the epoch
 */
export function flapping(
  incidents: readonly Incident[],
  names: ReadonlySet<string>,
  now: number,
): Flapping[] {
  const byName = new Map<string, Flapping>();
  for (const incident of incidents) {
    if (!names.has(incident.name)) continue;
    if (now - Date.parse(incident.at) > FLAPPING_MS) continue;
    const { name, signal, exit, failedStarts } = incident;
    const before = byName.get(name);
    const times = (before?.times ?? 0) + Math.max(1, failedStarts);
    byName.set(name, { name, times, cause: before?.cause ?? exit ?? signal });
  }
  return [...byName.values()].filter(({ times }) => times >= FLAPPING)
    .sort((a, b) => b.times - a.times);
}
