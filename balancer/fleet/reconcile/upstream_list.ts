/**
 * Applies a list of upstreams to the members, for instances that the balancer does not run itself.
 *
 * @module
 */
import type { Engine, Instance } from "../../engine/engine.ts";
import type { GivenUpstream } from "../../upstream_list.ts";
import { isReplica } from "../member/member.ts";
import type { DesiredState } from "../store/desired_state.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { Roster } from "./roster.ts";

/** Dependencies of {@linkcode UpstreamList}. */
interface UpstreamListOptions {
  readonly roster: Roster;
  readonly dispatcher: Dispatcher;
  readonly desiredState: DesiredState;
  readonly engine: Pick<Engine, "setUpstreams">;
}

/** Brings the members in line with a list. Only the fleet's writer uses it. */
export class UpstreamList {
  readonly #options: UpstreamListOptions;

  constructor(options: UpstreamListOptions) {
    this.#options = options;
  }

  /**
   * Applies the list. New upstreams join, moved ones are reached at their new address, missing ones
   * drain and leave.
   *
   * @param upstreams names, addresses and weights, each name once
   * @param answering names of the new and moved upstreams that have passed their heartbeats
   */
  apply(upstreams: readonly GivenUpstream[], answering: ReadonlySet<string>): void {
    const { roster, dispatcher, engine } = this.#options;
    const names = new Set(upstreams.map(({ name }) => name));
    const instances = engine.setUpstreams?.(upstreams) ?? [];
    for (const { name } of roster.all.filter(isReplica)) {
      if (!names.has(name)) dispatcher.apply(name, { type: "leave" });
    }
    for (const [at, { name, weight }] of upstreams.entries()) {
      this.#set(instances[at]!, weight, answering.has(name));
    }
  }

  #set(instance: Instance, weight: number, answers: boolean): void {
    const { roster, dispatcher, desiredState } = this.#options;
    const { name } = instance;
    roster.admit({ name, template: desiredState.template });
    dispatcher.apply(name, { type: "weigh", weight });
    dispatcher.apply(name, { type: "join" });
    if (roster.get(name)?.instance?.id === instance.id) return;
    dispatcher.apply(name, { type: "moved", instance, answers });
  }
}
