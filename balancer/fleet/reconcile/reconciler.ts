/**
 * Brings the observed fleet to the desired state: publishes views, promotes spares and starts
 * actions. Only the fleet's writer uses it, after each event.
 *
 * @module
 */
import type { Clock } from "../../clock.ts";
import type { Template } from "../../engine/engine.ts";
import type { DataPlane, View } from "../../view.ts";
import type { PoisonKeys } from "../health/poison_keys.ts";
import type { EventLog } from "../incidents/event_log.ts";
import type { Context } from "../member/context.ts";
import { isReplica } from "../member/member.ts";
import { isReplaceable } from "../member/phases.ts";
import type { FleetPolicy } from "../member/policy.ts";
import { NO_RESERVATIONS, type Reservations } from "../member/reservations.ts";
import { matchSpares, promote, type SpareRules } from "../member/takeover.ts";
import { type Action, isReplacement, nextDeadline, planActions } from "../plan/actions.ts";
import { StartBudget } from "../plan/start_budget.ts";
import { emptyView, nextView } from "../plan/view_builder.ts";
import type { RingShape } from "../spec/ring_spec.ts";
import type { ActionRunner } from "./action_runner.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { Roster } from "./roster.ts";

/** Dependencies of a {@linkcode Reconciler}. */
interface ReconcilerOptions {
  readonly roster: Roster;
  readonly dispatcher: Dispatcher;
  readonly dataPlane: DataPlane;
  /** Shape of the empty ring before the first reconcile. */
  readonly shape: RingShape;
  readonly policy: FleetPolicy;
  readonly actions: ActionRunner;
  readonly eventLog: EventLog;
  readonly poisonKeys: PoisonKeys;
}

/** The part of the desired state that is not in the members. */
interface ReconcileInput {
  readonly engineUp: boolean;
  /** False until the engine has listed its instances, and while the balancer shuts down. */
  readonly spares: boolean;
  /** Template of new spares. */
  readonly template: Template;
  readonly shape: RingShape;
  /** Epoch of the desired state. */
  readonly epoch: number;
  /** False while another balancer heals the fleet: nothing is started or stopped then. */
  readonly mayHeal: boolean;
  /** How spares stand in, if several balancers choose; undefined for a single one. */
  readonly standIns?: StandIns | undefined;
}

/** How the spares of several balancers stand in. */
export interface StandIns {
  /** Whether spares may stand in now: this balancer heals, or none does. */
  readonly allowed: boolean;
  readonly reservations: Reservations;
  /** Called with each spare that stands in, by the name of its replica. */
  readonly note: (name: string, instance: string) => void;
}

/**
 * While no balancer heals, a replica without a reserved spare waits for this time, in milliseconds:
 * replicas that failed at the same moment are found by all balancers until then.
 */
const OTHERS_AFTER_MS = 2000;

/** Publishes views and starts actions. */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #starts: StartBudget;
  #view: View;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    this.#starts = new StartBudget(() => options.policy.startsPerMinute);
    this.#view = emptyView(options.shape);
  }

  /** The published view. */
  get view(): View {
    return this.#view;
  }

  /**
   * Returns when the passage of time alone will change something.
   *
   * @param now instant of the fleet's clock, in milliseconds
   * @returns an instant in milliseconds, or `Infinity` if nothing is scheduled
   */
  nextDeadline(now: number): number {
    const { roster, policy, poisonKeys } = this.#options;
    return Math.min(
      nextDeadline(roster.all, { now, policy }),
      this.#starts.nextAt(now),
      poisonKeys.nextDeadline,
    );
  }

  /**
   * Repeats until nothing is left to do. Each round publishes first and acts second, so that no
   * request is sent to an instance that is about to be stopped.
   *
   * @param input the part of the desired state that is not in the members
   * @param clock read in each round: a replacement of one round is due in the next one
   * @returns the instant of the last round, in milliseconds
   */
  reconcile(input: ReconcileInput, clock: Pick<Clock, "now">): number {
    const { policy, roster } = this.#options;
    if (input.spares && input.mayHeal) roster.keepSpares(input.template);
    let context: Context;
    do {
      context = { now: clock.now(), policy };
      this.#publish(input, context);
    } while (this.#promote(input, context) + this.#act(input, context) > 0);
    return context.now;
  }

  #publish({ engineUp, shape, epoch }: ReconcileInput, { now, policy }: Context): void {
    const { roster, dataPlane, eventLog, poisonKeys } = this.#options;
    const view = nextView(this.#view, {
      members: roster.all.filter(isReplica),
      shape,
      epoch,
      awaits: policy.replaces && engineUp,
      quarantined: poisonKeys.keys(now),
      slowStartMs: policy.slowStartMs,
      now,
    });
    if (view === this.#view) return;
    this.#view = view;
    dataPlane.publish(view);
    const { version, ready, awaited } = view;
    const names = { ready: [...ready.keys()], awaited: [...awaited] };
    eventLog.add({ type: "view", at: now, version, ...names });
  }

  /**
   * Gives ready spares to replicas that wait for an instance. The engine is not asked: it learns the
   * new name later. @returns how many
   */
  #promote(input: ReconcileInput, context: Context): number {
    const { spares, mayHeal, template, standIns } = input;
    if (!spares || !(standIns?.allowed ?? mayHeal)) return 0;
    const { roster, dispatcher } = this.#options;
    const budget = this.#starts.left(context.now);
    const matches = matchSpares(roster.all, context, this.#spareRules(input)).slice(0, budget);
    for (const { target: { name, instance }, spare } of matches) {
      this.#starts.spend(context.now);
      if (instance) dispatcher.apply(name, { type: "replace", id: instance.id });
      roster.delete(spare.name);
      const target = roster.get(name)!;
      dispatcher.update(target, promote({ target, spare }, context));
      if (spare.instance) standIns?.note(name, spare.instance.id);
    }
    if (matches.length > 0 && mayHeal) roster.keepSpares(template);
    return matches.length;
  }

  #spareRules({ engineUp, mayHeal, standIns }: ReconcileInput): SpareRules {
    return {
      reservations: standIns?.reservations ?? NO_RESERVATIONS,
      replacesDown: !engineUp || !mayHeal,
      othersAfterMs: mayHeal ? 0 : OTHERS_AFTER_MS,
      suspectMachines: this.#options.roster.suspectMachines,
    };
  }

  /** Starts the planned actions and replaces failed instances. @returns how many of both */
  #act({ engineUp, mayHeal }: ReconcileInput, context: Context): number {
    const { roster } = this.#options;
    const acts = engineUp && mayHeal;
    const forgotten = mayHeal ? 0 : this.#forgetStopped();
    const capacity = { engineUp: acts, starts: this.#starts.left(context.now) };
    const failed = acts ? roster.all.filter((one) => isReplaceable(one, context)) : [];
    const actions = planActions(roster.all, context, capacity);
    for (const action of actions) this.#start(action, context.now);
    for (const { name, instance } of failed) {
      if (instance) this.#options.dispatcher.apply(name, { type: "replace", id: instance.id });
    }
    return actions.length + failed.length + forgotten;
  }

  /** The balancer that heals stops them; to this one they are gone. @returns how many */
  #forgetStopped(): number {
    const { roster, dispatcher } = this.#options;
    const due = roster.all.flatMap(({ retiring }) =>
      retiring.filter(({ stage, busy }) => stage === "stop" && !busy)
    );
    for (const { id } of due) dispatcher.dispatch({ type: "stopped", id });
    return due.length;
  }

  #start(action: Action, now: number): void {
    this.#mark(action, now);
    this.#options.actions.run(action);
  }

  /** Marks the action as in progress, so that the next plan does not contain it again. */
  #mark(action: Action, now: number): void {
    const { roster, dispatcher, eventLog } = this.#options;
    switch (action.type) {
      case "start": {
        const member = roster.get(action.name);
        if (member && isReplacement(member)) this.#starts.spend(now);
        eventLog.note({ type: "creating", at: now, name: action.name });
        return dispatcher.apply(action.name, { type: "starting" });
      }
      case "rename":
        return dispatcher.apply(action.name, { type: "renaming", id: action.id });
      default:
        return dispatcher.apply(action.name, { type: "retiring", id: action.id });
    }
  }
}
