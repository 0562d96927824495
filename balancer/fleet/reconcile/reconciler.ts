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
import type { Journal } from "../incidents/event_log.ts";
import type { Ledger } from "./dispatcher.ts";
import { isReplica } from "../member/member.ts";
import { type Action, isRestart, nextDeadline, plan } from "../plan/actions.ts";
import type { FleetPolicy } from "../member/policy.ts";
import type { Quarantine } from "../health/poison_keys.ts";
import type { Roster } from "./roster.ts";
import { emptyView, nextView } from "../plan/view_builder.ts";
import { StartBudget } from "../plan/start_budget.ts";
import { pairings, promoted } from "../member/takeover.ts";

/** What a {@linkcode Keeper} is made of. */
export interface KeeperOptions {
  readonly roster: Roster;
  readonly ledger: Ledger;
  readonly dataPlane: DataPlane;
  /** The ring's until there are wishes. */
  readonly shape: RingShape;
  readonly policy: FleetPolicy;
  readonly actions: ActionRunner;
  readonly journal: Journal;
  readonly incidents: Incidents;
  readonly quarantine: Quarantine;
}

/** What the fleet wants beside its members. */
export interface Wishes {
  readonly engineUp: boolean;
  /** False before it is known what runs, and when the balancer ends. */
  readonly spares: boolean;
  /** What spares run. */
  readonly template: Template;
  readonly shape: RingShape;
}

/** Publishes and acts. */
export class Keeper {
  readonly #options: KeeperOptions;
  readonly #starts: StartBudget;
  #view: View;

  constructor(options: KeeperOptions) {
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
    const { roster, policy, quarantine } = this.#options;
    return Math.min(
      nextDeadline(roster.all, now, policy),
      this.#starts.nextAt(now),
      quarantine.nextDeadline,
    );
  }

  /**
   * Does what there is to do, until nothing is left. Publish first, act second: nobody is sent to
   * an instance that is about to be stopped.
   */
  settle(wishes: Wishes, now: number): void {
    if (wishes.spares) this.#options.roster.keepSpares(wishes.template);
    do this.#publish(wishes, now); while (this.#promote(wishes, now) + this.#act(wishes, now) > 0);
  }

  #publish({ engineUp, shape }: Wishes, now: number): void {
    const { roster, dataPlane, policy, incidents, journal, quarantine } = this.#options;
    const view = nextView(this.#view, {
      members: roster.all.filter(isReplica),
      shape,
      awaits: policy.replaces && engineUp,
      quarantined: quarantine.keys(now),
      slowStartMs: policy.slowStartMs,
      now,
    });
    if (view === this.#view) return;
    this.#view = view;
    dataPlane.publish(view);
    incidents.published(view.version, now);
    const { version, ready, awaited } = view;
    const names = { ready: [...ready.keys()], awaited: [...awaited] };
    journal.add({ type: "view", at: now, version, ...names });
  }

  /** @returns how many spares stood in */
  #promote({ engineUp, spares, template }: Wishes, now: number): number {
    if (!engineUp || !spares) return 0;
    const { roster, ledger, policy } = this.#options;
    const pairs = pairings(roster.all, now).slice(0, this.#starts.left(now));
    for (const pair of pairs) {
      this.#starts.spend(now);
      roster.delete(pair.spare.name);
      ledger.change(pair.target, promoted(pair, now, policy));
    }
    if (pairs.length > 0) roster.keepSpares(template);
    return pairs.length;
  }

  /** @returns how many actions were set going */
  #act({ engineUp }: Wishes, now: number): number {
    const { roster, policy } = this.#options;
    const actions = plan(roster.all, now, policy, { engineUp, starts: this.#starts.left(now) });
    for (const action of actions) this.#setGoing(action, now);
    return actions.length;
  }

  #setGoing(action: Action, now: number): void {
    const { ledger, actions } = this.#options;
    if (action.type === "replace") return ledger.move(action.name, action);
    this.#mark(action, now);
    actions.run(action);
  }

  #mark(action: Exclude<Action, { readonly type: "replace" }>, now: number): void {
    const { roster, ledger, incidents } = this.#options;
    switch (action.type) {
      case "start": {
        const member = roster.get(action.name);
        if (member && isRestart(member)) this.#starts.spend(now);
        incidents.creating(action.name, now);
        return ledger.move(action.name, { type: "starting" });
      }
      case "rename":
        return ledger.move(action.name, { type: "renaming", id: action.id });
      default:
        return ledger.move(action.name, { type: "clearing", id: action.id });
    }
  }
}
