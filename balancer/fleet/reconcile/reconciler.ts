/**
 * Brings the observed state to the desired one: publishes, lets spares stand in, sets actions
 * going. Only the fleet's writer uses it, after each event.
 *
 * @module
 */
import type { Template } from "../../engine/engine.ts";
import type { DataPlane, View } from "../../view.ts";
import type { ActionRunner } from "./action_runner.ts";
import type { RingShape } from "../spec/ring_spec.ts";
import type { Incidents } from "../incidents/incidents.ts";
import type { EventLog } from "../incidents/event_log.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { isReplica } from "../member/member.ts";
import { type Action, isReplacement, nextDeadline, planActions } from "../plan/actions.ts";
import type { FleetPolicy } from "../member/policy.ts";
import type { PoisonKeys } from "../health/poison_keys.ts";
import type { Roster } from "./roster.ts";
import { emptyView, nextView } from "../plan/view_builder.ts";
import { StartBudget } from "../plan/start_budget.ts";
import { matchSpares, promote } from "../member/takeover.ts";

/** What a {@linkcode Reconciler} is made of. */
export interface ReconcilerOptions {
  readonly roster: Roster;
  readonly dispatcher: Dispatcher;
  readonly dataPlane: DataPlane;
  /** The shape until the first reconcile. */
  readonly shape: RingShape;
  readonly policy: FleetPolicy;
  readonly actions: ActionRunner;
  readonly eventLog: EventLog;
  readonly incidents: Incidents;
  readonly poisonKeys: PoisonKeys;
}

/** What the fleet wants beside its members. */
export interface ReconcileInput {
  readonly engineUp: boolean;
  /** False before it is known what runs, and when the balancer ends. */
  readonly spares: boolean;
  /** What spares run. */
  readonly template: Template;
  readonly shape: RingShape;
}

/** Publishes and acts. */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #starts: StartBudget;
  #view: View;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    this.#starts = new StartBudget(options.policy.startsPerMinute);
    this.#view = emptyView(options.shape);
  }

  /** The view that is published. */
  get view(): View {
    return this.#view;
  }

  /** When time alone will change something, milliseconds since the epoch. */
  nextDeadline(now: number): number {
    const { roster, policy, poisonKeys } = this.#options;
    return Math.min(
      nextDeadline(roster.all, now, policy),
      this.#starts.nextAt(now),
      poisonKeys.nextDeadline,
    );
  }

  /**
   * Does what there is to do, until nothing is left. Publish first, act second: nobody is sent to
   * an instance that is about to be stopped.
   */
  settle(input: ReconcileInput, now: number): void {
    if (input.spares) this.#options.roster.keepSpares(input.template);
    do this.#publish(input, now); while (this.#promote(input, now) + this.#act(input, now) > 0);
  }

  #publish({ engineUp, shape }: ReconcileInput, now: number): void {
    const { roster, dataPlane, policy, incidents, eventLog, poisonKeys } = this.#options;
    const view = nextView(this.#view, {
      members: roster.all.filter(isReplica),
      shape,
      awaits: policy.replaces && engineUp,
      quarantined: poisonKeys.keys(now),
      slowStartMs: policy.slowStartMs,
      now,
    });
    if (view === this.#view) return;
    this.#view = view;
    dataPlane.publish(view);
    incidents.published(view.version, now);
    const { version, ready, awaited } = view;
    const names = { ready: [...ready.keys()], awaited: [...awaited] };
    eventLog.add({ type: "view", at: now, version, ...names });
  }

  /** @returns how many spares stood in */
  #promote({ engineUp, spares, template }: ReconcileInput, now: number): number {
    if (!engineUp || !spares) return 0;
    const { roster, dispatcher, policy } = this.#options;
    const pairs = matchSpares(roster.all, now).slice(0, this.#starts.left(now));
    for (const pair of pairs) {
      this.#starts.spend(now);
      roster.delete(pair.spare.name);
      dispatcher.update(pair.target, promote(pair, now, policy));
    }
    if (pairs.length > 0) roster.keepSpares(template);
    return pairs.length;
  }

  /** @returns how many actions were set going */
  #act({ engineUp }: ReconcileInput, now: number): number {
    const { roster, policy } = this.#options;
    const actions = planActions(roster.all, now, policy, {
      engineUp,
      starts: this.#starts.left(now),
    });
    for (const action of actions) this.#begin(action, now);
    return actions.length;
  }

  #begin(action: Action, now: number): void {
    const { dispatcher, actions } = this.#options;
    if (action.type === "replace") return dispatcher.apply(action.name, action);
    this.#mark(action, now);
    actions.run(action);
  }

  #mark(action: Exclude<Action, { readonly type: "replace" }>, now: number): void {
    const { roster, dispatcher, incidents } = this.#options;
    switch (action.type) {
      case "start": {
        const member = roster.get(action.name);
        if (member && isReplacement(member)) this.#starts.spend(now);
        incidents.creating(action.name, now);
        return dispatcher.apply(action.name, { type: "starting" });
      }
      case "rename":
        return dispatcher.apply(action.name, { type: "renaming", id: action.id });
      default:
        return dispatcher.apply(action.name, { type: "retiring", id: action.id });
    }
  }
}
