/**
 * Changes of the upstream list while the balancer runs, for instances that the balancer does not
 * run itself.
 *
 * @module
 */
import type { FailureLog } from "../../failures.ts";
import { deniedSocket, firstDuplicate, type GivenUpstream } from "../../upstream_list.ts";
import { addressText, type UpstreamAddress, type View } from "../../view.ts";
import type { Fleet } from "../fleet.ts";
import {
  type ChangeReport,
  type FleetSummary,
  notSaved,
  type OnMade,
  reportOf,
  summaryOf,
} from "./change_report.ts";
import { ChangeError } from "../spec/change_error.ts";
import type { Probe } from "../health/probe.ts";
import { ConflictError } from "../store/store.ts";
import { isGone } from "./readiness.ts";
import { resolve } from "../spec/resolve.ts";
import type { ChangeLock } from "./change_lock.ts";

/** Dependencies of {@linkcode Upstreams}. */
interface UpstreamsOptions {
  readonly fleet: Fleet;
  /** Lock that every change of the fleet takes. */
  readonly changeLock: ChangeLock;
  /** True if the engine runs its own instances; there is no list then. */
  readonly ownsInstances: boolean;
  readonly probe: Probe;
  readonly failures: FailureLog;
}

/** Delay between two heartbeats to a new upstream, in milliseconds. */
const PROBE_PAUSE_MS = 50;

/** Attempts of a change while other balancers change the list, too. */
const TRIES = 10;

const FIELDS = { add: "upstreams", remove: "upstreams" };

/** Reads and changes the list. */
export class Upstreams {
  readonly #options: UpstreamsOptions;

  constructor(options: UpstreamsOptions) {
    this.#options = options;
  }

  /**
   * Returns the present list.
   *
   * @throws {ChangeError} `unsupported`: the engine runs its own instances
   */
  list(): readonly GivenUpstream[] {
    this.#checkStatic();
    return this.#options.fleet.upstreams;
  }

  /**
   * Replaces the list, in one view or not at all. New and moved upstreams get heartbeats first, for
   * up to the heartbeat timeout; those that do not answer are added all the same, as at the start
   * of the balancer. Resolves once the removed upstreams are drained and gone.
   *
   * @param upstreams names, addresses and weights
   * @param onMade called when the change is made
   * @throws {ChangeError} nothing was changed; the message names the field, its bound and the value
   */
  set(upstreams: readonly GivenUpstream[], onMade: OnMade = () => {}): Promise<ChangeReport> {
    const { fleet, changeLock } = this.#options;
    return changeLock.run(async () => {
      this.#checkStatic();
      await fleet.known();
      this.#check(upstreams);
      const answering = await this.#answering(upstreams);
      this.#checkServed(upstreams, answering);
      const [before, stood] = await this.#save(upstreams, answering);
      const after = fleet.view;
      onMade(stood, summaryOf(fleet));
      const names = new Set(upstreams.map(({ name }) => name));
      const removed = Object.keys(stood.weights).filter((name) => !names.has(name));
      await fleet.until((members) => removed.every((name) => isGone(name, members)));
      const behind = await fleet.acknowledged();
      return reportOf({ before, after, behind });
    });
  }

  /** Saves and applies the list. @returns the fleet directly before the view with the list */
  async #save(
    upstreams: readonly GivenUpstream[],
    answering: ReadonlySet<string>,
  ): Promise<[View, FleetSummary]> {
    const { fleet } = this.#options;
    let before: [View, FleetSummary] = [fleet.view, summaryOf(fleet)];
    const onBase = () => before = [fleet.view, summaryOf(fleet)];
    for (let tries = 1;; tries++) {
      try {
        await fleet.changes.setUpstreams(upstreams, answering, onBase);
        return before;
      } catch (error) {
        if (!(error instanceof ConflictError) || tries === TRIES) throw notSaved(error);
        this.#check(upstreams);
      }
    }
  }

  #checkStatic(): void {
    if (!this.#options.ownsInstances) return;
    throw new ChangeError(
      "unsupported",
      "upstreams: only LB_ENGINE=static has a list of them; this engine runs its own replicas, " +
        "which POST /add and DELETE /rm change",
    );
  }

  #check(upstreams: readonly GivenUpstream[]): void {
    if (upstreams.length === 0) {
      throw new ChangeError("out-of-bounds", "upstreams: there must be at least one; got none");
    }
    const twice = firstDuplicate(upstreams);
    if (twice !== undefined) {
      throw new ChangeError("taken", `upstreams: ${twice} is named twice`);
    }
    const denied = deniedSocket(upstreams);
    if (denied !== undefined) throw new ChangeError("out-of-bounds", `upstreams: ${denied}`);
    const { ringSpec, limit } = this.#options.fleet;
    const { weights: present } = ringSpec;
    const names = new Map(upstreams.map(({ name, weight }) => [name, weight]));
    const request = {
      hostnames: [...names.keys()].filter((name) => !present.has(name)),
      remove: [...present.keys()].filter((name) => !names.has(name)),
      weights: Object.fromEntries(names),
    };
    resolve(request, { ringSpec, taken: new Set(present.keys()), limit }, FIELDS);
  }

  /** Returns the names of the new and moved upstreams that pass their heartbeats in time. */
  async #answering(upstreams: readonly GivenUpstream[]): Promise<ReadonlySet<string>> {
    const known = new Map(
      this.#options.fleet.upstreams.map(({ name, address }) => [name, addressText(address)]),
    );
    const fresh = upstreams.filter(({ name, address }) => known.get(name) !== addressText(address));
    const answers = await Promise.all(fresh.map(({ address }) => this.#answers(address)));
    return new Set(fresh.filter((_, at) => answers[at]).map(({ name }) => name));
  }

  /** Without heartbeats an upstream is up until a connection to it fails. */
  async #answers(address: UpstreamAddress): Promise<boolean> {
    const { probe, failures, fleet: { policy } } = this.#options;
    if (!policy.probes) return true;
    const deadline = AbortSignal.timeout(policy.heartbeatTimeoutMs);
    for (let passes = 0; passes < policy.upAfter;) {
      try {
        const miss = await probe(address, policy.heartbeatTimeoutMs, deadline, undefined);
        if (deadline.aborted) return false;
        if (miss) await pause(deadline);
        passes = miss ? 0 : passes + 1;
      } catch (error) {
        failures.record("fleet.heartbeat", error);
        return false;
      }
    }
    return true;
  }

  /** Refuses a list without any upstream that answers, while the present list has one. */
  #checkServed(upstreams: readonly GivenUpstream[], answering: ReadonlySet<string>): void {
    const { fleet } = this.#options;
    const { ready } = fleet.view;
    if (ready.size === 0) return;
    const known = new Map(fleet.upstreams.map(({ name, address }) => [name, addressText(address)]));
    const served = upstreams.some(({ name, address, weight }) =>
      weight > 0 &&
      (answering.has(name) || (ready.has(name) && known.get(name) === addressText(address)))
    );
    if (served) return;
    throw new ChangeError(
      "not-ready",
      `upstreams: none of them answers a heartbeat within ${fleet.policy.heartbeatTimeoutMs} ms; ` +
        "the list in force was kept",
    );
  }
}

function pause(end: AbortSignal): Promise<void> {
  if (end.aborted) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, PROBE_PAUSE_MS);
  end.addEventListener("abort", () => {
    clearTimeout(timer);
    resolve();
  }, { once: true });
  return promise;
}
