/**
 * A gate as tests want it, and what it writes.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";
import { Audit } from "./audit.ts";
import { FailureLimit } from "./failure_limit.ts";
import { Gate } from "./gate.ts";
import { Guard, type Openness } from "./guard.ts";

/** How calls are guarded, as a test says it. */
export interface Rules {
  readonly admin?: string;
  readonly read?: string;
  /** A token that the balancer made for itself. */
  readonly made?: string;
  readonly open?: Openness;
  /** Addresses of replicas. */
  readonly replicas?: readonly string[];
  readonly hosts?: readonly string[];
}

/** A line of the audit. */
export interface Line {
  readonly level: "info" | "warning";
  readonly message: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** A guard with tokens that stay. */
export function guardOf(
  { admin = "", read = "", made = "", open = "nothing", replicas = [], hosts = [] }: Rules,
): Guard {
  const current = () => Promise.resolve({ admin: admin || made, read });
  const tokens = { admin: admin !== "", read: read !== "", current };
  const policy = { open, tokens, replicas: new Set(replicas), hosts: new Set(hosts) };
  return new Guard(policy, new FailureLimit());
}

/** An audit whose lines can be looked at. Values are as JSON has them. */
export function auditOf(): { readonly audit: Audit; readonly lines: readonly Line[] } {
  const lines: Line[] = [];
  const taking = (level: Line["level"]) => (message: string, properties: object) => {
    lines.push({ level, message, properties: JSON.parse(JSON.stringify(properties)) });
  };
  const log = { info: taking("info"), warn: taking("warning") };
  return { audit: new Audit(log as unknown as Logger), lines };
}

/** A gate by a clock that the test sets. */
export function gateOf(
  rules: Rules,
  now: () => number = () => 0,
): { readonly gate: Gate; readonly lines: readonly Line[] } {
  const { audit, lines } = auditOf();
  return { gate: new Gate({ guard: guardOf(rules), audit, now }), lines };
}
