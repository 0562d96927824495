/**
 * A decision of the data plane in one English sentence.
 *
 * @module
 */
import type { LoadChoice } from "../../proxy/upstream/bounded_load.ts";
import type { Decision, Destination, Wait } from "../../answers/explanation.ts";
import { shown } from "../../fault.ts";
import type { Decided, HoldRules } from "./decision.ts";

/** The subject of the sentence. */
interface Subject {
  readonly key: string;
  readonly hashedAs: "id" | "string";
  readonly slot: number;
  readonly owner: string | undefined;
  /** Whether the owner is being replaced. */
  readonly awaited: boolean;
  readonly policy: HoldRules["policy"];
  /** Name of the affinity cookie that holds the key; null if another part of a request does. */
  readonly cookie: string | null;
}

/**
 * Returns the destination of a request and the reason as a sentence.
 *
 * @param subject the request's key and its owner
 * @param decided the decision
 */
export function reasonOf(subject: Subject, { decision, byLoad }: Decided): string {
  const { cookie } = subject;
  const kind = subject.hashedAs === "id" ? "Id" : "Key";
  const key = `${kind} ${plain(subject.key)}${cookie === null ? "" : ` of the cookie ${cookie}`}`;
  if (decision.why === "quarantined") {
    return `${key} is quarantined, because replicas died of requests with it; it is answered 503.`;
  }
  const place = `${key} falls on slot ${subject.slot}, which ${subject.owner ?? "nobody"} owns`;
  return `${place}; ${clause(subject, decision, byLoad)}.`;
}

function clause(subject: Subject, decision: Decision, byLoad?: LoadChoice): string {
  if (decision.to === "wait") return waiting(decision, byLoad);
  const ready = decision.why === "ready" || decision.why === "full";
  if (ready && byLoad) return underLoad(subject.owner ?? "", byLoad);
  if (decision.why === "none") return `no replica is ready, so the request ${end(decision)}`;
  const away = subject.awaited ? "is being replaced" : "is away, and is not being replaced";
  // While a replica is being replaced, only the setting keeps the request from waiting.
  const rule = subject.awaited ? `with LB_HOLD=${subject.policy} ` : "";
  return `${subject.owner} ${away}; ${rule}the request ${end(decision, byLoad)}`;
}

function underLoad(owner: string, { name, inFlight, cap, overflowed, passed }: LoadChoice): string {
  const load = cap === Infinity
    ? `${counted(inFlight)} in flight`
    : `${inFlight} of at most ${counted(cap)} in flight`;
  if (passed.length === 0) return `${name} is ready with ${load}`;
  if (!overflowed) {
    return `${owner} takes it with ${load}, because every replica has reached its bound`;
  }
  const others = passed.length === 1 ? owner : `${owner} and ${passed.length - 1} more`;
  return `${others} may have no more requests in flight, so it goes to ${name}, which has ${load}`;
}

function waiting({ name, ms, then }: Wait, byLoad?: LoadChoice): string {
  return name === undefined
    ? `no replica is ready, so the request waits up to ${ms} ms for the first replica that is back and ` +
      `then ${end(then, byLoad)}`
    : `${name} is being replaced; the request waits for it up to ${ms} ms and then ` +
      end(then, byLoad);
}

function end(destination: Destination, byLoad?: LoadChoice): string {
  if (destination.to === "nobody") return "is answered 503";
  const next = byLoad?.overflowed ? "the next ready one with room" : "the next ready one";
  return `goes to ${destination.name}, ${next}`;
}

function counted(requests: number): string {
  return requests === 1 ? "1 request" : `${requests} requests`;
}

/** Returns a key unchanged, or quoted if it is ambiguous. */
function plain(key: string): string {
  return /^[\w.:@/%+-]{1,80}$/.test(key) ? key : shown(key);
}
