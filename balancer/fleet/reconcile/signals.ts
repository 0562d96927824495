/**
 * Signals about instances, from the data plane, from heartbeats and from the engine's health
 * checks. Each one becomes events of members and observations, inside the one writer.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";
import type { Clock } from "../../clock.ts";
import type { Evidence, FailureCost, Sample } from "../../view.ts";
import { Outliers } from "../health/outliers.ts";
import type { Miss } from "../health/probe.ts";
import type { EventLog } from "../incidents/event_log.ts";
import type { FleetPolicy } from "../member/policy.ts";
import type { MemberEvent } from "../member/transition.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { EventQueue } from "./event_queue.ts";
import type { Roster } from "./roster.ts";

/** Dependencies of {@linkcode Signals}. */
export interface SignalsOptions {
  readonly queue: EventQueue;
  readonly roster: Roster;
  readonly dispatcher: Dispatcher;
  readonly eventLog: EventLog;
  readonly clock: Clock;
  readonly policy: FleetPolicy;
  readonly log: Logger;
  /** Returns the ids of the instances in the published view. */
  readonly readyInstances: () => readonly string[];
  /** Sends the next heartbeat of an instance now. */
  readonly probeNow: (instance: string) => void;
  /** Asks the engine what runs. */
  readonly askEngine: () => void;
}

/** Receives every signal about instances. */
export class Signals {
  readonly #options: SignalsOptions;
  readonly #outliers = new Outliers();

  constructor(options: SignalsOptions) {
    this.#options = options;
  }

  /** Takes evidence of the data plane, and has a heartbeat confirm it at once. */
  evidence(evidence: Evidence): void {
    const { queue, dispatcher, eventLog, clock, log, probeNow } = this.#options;
    const { name, instance: id, kind, fresh, unreachable } = evidence;
    log.debug("{name}: connection {kind}", { name, kind, instance: id });
    queue.run(() => {
      eventLog.note({ type: "evidence", at: clock.now(), evidence });
      dispatcher.dispatch({
        type: "evidence",
        id,
        kind,
        fresh,
        ...(unreachable && { unreachable }),
      });
    });
    probeNow(id);
  }

  /** Takes what failures cost the requests of the data plane. */
  costs(costs: readonly FailureCost[]): void {
    const { queue, eventLog, clock } = this.#options;
    queue.record(() => eventLog.note({ type: "costs", at: clock.now(), costs }));
  }

  /** Every worker routes by this version of the view, or by a later one. */
  applied(version: number): void {
    const { queue, eventLog, clock } = this.#options;
    queue.record(() => eventLog.note({ type: "applied", at: clock.now(), version }));
  }

  /** Takes counts of responses, and takes outliers down while enough others are ready. */
  samples(samples: readonly Sample[]): void {
    const { queue, roster, dispatcher, clock, readyInstances } = this.#options;
    queue.run(() => {
      this.#outliers.add(samples, clock.now());
      for (const { instance: id, reason } of this.#outliers.find(readyInstances())) {
        if (roster.mayEject()) dispatcher.dispatch({ type: "outlier", id, reason });
      }
    });
  }

  /** Takes the result of a heartbeat; `miss` is set if it failed. */
  heartbeat(name: string, id: string, miss: Miss | undefined): void {
    const { queue, roster } = this.#options;
    queue.runBatched(() => {
      const { revision } = roster;
      if (miss) this.#onMiss(name, id, miss);
      else this.#onPass(name, id);
      return roster.revision !== revision;
    });
  }

  /** Takes a change of the engine's own health check; `reason` is set if the check failed. */
  health(id: string, reason: string | undefined): void {
    const { queue, dispatcher, log, probeNow } = this.#options;
    const event: MemberEvent = { type: "health", id, ...(reason === undefined ? {} : { reason }) };
    queue.run(() => dispatcher.dispatch(event));
    if (reason === undefined) return;
    log.warn("{instance} is unhealthy: {reason}", { instance: id, reason });
    probeNow(id);
    this.tick();
  }

  /** Applies the passage of time to every member. */
  tick(): void {
    const { queue, roster, dispatcher } = this.#options;
    queue.run(() => {
      for (const { name } of roster.all) {
        dispatcher.apply(name, { type: "tick", mayEject: roster.mayEject() });
      }
    });
  }

  #onPass(name: string, id: string): void {
    const { roster, dispatcher } = this.#options;
    // A passed heartbeat can remove only a replica that its engine calls unhealthy.
    const mayEject = roster.get(name)?.unhealthy === undefined || roster.mayEject();
    dispatcher.dispatch({ type: "probe", id, mayEject }, name);
  }

  #onMiss(name: string, id: string, { refused, reason }: Miss): void {
    const { roster, dispatcher, policy, askEngine } = this.#options;
    // A refused connection is proof and bypasses the floor of ready replicas.
    if (refused && policy.probes && roster.get(name)?.phase === "ready") {
      return dispatcher.dispatch({ type: "evidence", id, kind: "refused", fresh: true });
    }
    const mayEject = roster.mayEject();
    dispatcher.dispatch({ type: "probe", id, mayEject, reason }, name);
    const member = roster.get(name);
    if (mayEject || member?.phase !== "ready") return;
    // Every replica seems to fail: ask the engine before anything else.
    if (member.misses === policy.downAfter) askEngine();
  }
}
