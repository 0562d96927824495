/**
 * The state that all workers have in common: it is sent to a worker when it starts, and each change
 * to all of them.
 *
 * @module
 */
import { type AccessLogging, partOf } from "../../log/log_controls.ts";
import type { MaintenanceState, Suspension } from "../../view.ts";
import type { ChallengeAnswers, ProxySettings } from "../settings.ts";
import type { Credentials } from "../transport/certificate_table.ts";
import type { PlainView } from "./messages.ts";
import type { SharedMemory } from "./shared_memory.ts";
import type { WorkerThread } from "./worker_thread.ts";

/** The answer of a balancer that may not serve without the others. */
const ISOLATED: Suspension = {
  reason: "isolated",
  message: "this balancer has lost the others of its fleet, and must not serve alone; try again",
  retryAfterS: 1,
  allow: [],
};

/** The present state. A change must be sent to the workers that run. */
export class WorkerState {
  settings: ProxySettings;
  accessLogging: AccessLogging;
  /** The view in force; undefined before the first. */
  view: PlainView | undefined;
  maintenance: MaintenanceState | undefined;
  isolated = false;
  challenges: ChallengeAnswers = new Map();
  #credentials: Credentials;

  /**
   * @param settings the settings at the start
   * @param credentials the certificates at the start; undefined without TLS
   */
  constructor(settings: ProxySettings, credentials: Credentials | undefined) {
    this.settings = settings;
    this.accessLogging = settings.accessLogging;
    this.#credentials = plainCredentials(credentials);
  }

  get credentials(): Credentials {
    return this.#credentials;
  }

  set credentials(credentials: Credentials) {
    this.#credentials = plainCredentials(credentials);
  }

  /** Sends the state to a worker that starts, with its part of the shared memory. */
  open(member: WorkerThread, memory: SharedMemory): void {
    const { settings, credentials } = this;
    const { connections: counts, files } = memory;
    const shared = { counts, files, sheets: memory.sheets(member.row) };
    member.post({ type: "open", settings, ...shared, credentials });
    member.post({ type: "access", part: partOf(this.accessLogging) });
    if (this.#suspension) void this.suspend(member);
    if (this.challenges.size > 0) void this.challenge(member);
    if (this.view) member.post({ type: "view", view: this.view, counters: memory.replicas });
  }

  /** Suspends a worker's service, or resumes it. Resolves when the worker answers by that. */
  suspend(member: WorkerThread): Promise<boolean> {
    const state = this.#suspension;
    return member.ask((question) => ({ type: "maintain", question, state }));
  }

  /** Gives a worker the answers to challenges. Resolves when the worker gives them. */
  challenge(member: WorkerThread): Promise<boolean> {
    const answers = this.challenges;
    return member.ask((question) => ({ type: "challenge", question, answers }));
  }

  get #suspension(): Suspension | undefined {
    if (this.isolated) return ISOLATED;
    return this.maintenance && { ...this.maintenance, reason: "maintenance" };
  }
}

/** Without what the workers do not need. */
function plainCredentials(credentials: Credentials | undefined): Credentials {
  const { certificates = [], clientCa, awaited = [], trust } = credentials ?? {};
  return {
    certificates: certificates.map(({ cert, key, names }) => ({ cert, key, names })),
    clientCa,
    awaited,
    ...(trust && { trust }),
  };
}
