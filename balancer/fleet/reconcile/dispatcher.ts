/**
 * Takes events to the members that they are about, and tells of every change that comes of them.
 * Only the fleet's writer uses it.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";
import type { Clock } from "../../clock.ts";
import type { Incidents } from "../incidents/incidents.ts";
import type { EventLog } from "../incidents/event_log.ts";
import { isLeaving, type Member } from "../member/member.ts";
import type { FleetPolicy } from "../member/policy.ts";
import type { PoisonKeys } from "../health/poison_keys.ts";
import type { Roster } from "./roster.ts";
import { type MemberEvent, transition } from "../member/transition.ts";

/** What a {@linkcode Dispatcher} is made of. */
export interface DispatcherOptions {
  readonly roster: Roster;
  readonly policy: FleetPolicy;
  readonly clock: Clock;
  readonly log: Logger;
  readonly eventLog: EventLog;
  readonly incidents: Incidents;
  readonly poisonKeys: PoisonKeys;
}

/** The members' way from one state to the next. */
export class Dispatcher {
  readonly #options: DispatcherOptions;

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  /**
   * Moves the member that an event is about. An instance may have got another name meanwhile: its
   * events find it by its id.
   *
   * @param event what happened
   * @param name the member, where the event names no instance that is known
   */
  dispatch(event: MemberEvent, name?: string): void {
    const { roster } = this.#options;
    const id = "id" in event ? event.id : undefined;
    const member = id === undefined ? undefined : roster.byInstance(id);
    if (event.type === "exit" && !member) return roster.noteExit(event.id, event.reason);
    const target = member?.name ?? name;
    if (target === undefined) return;
    this.#recordEnding(target, event);
    this.apply(target, event);
    if (event.type === "started") this.#noteEarlyExit(event.instance.id);
  }

  /** Moves a member by its name. */
  apply(name: string, event: MemberEvent): void {
    const { roster, clock, policy } = this.#options;
    const before = roster.get(name);
    if (before) this.update(before, transition(before, event, clock.now(), policy));
  }

  /** Puts a member in the place of what it was, or removes it. */
  update(before: Member, after: Member | undefined): void {
    if (after === before) return;
    const { roster, clock, eventLog, incidents, poisonKeys } = this.#options;
    if (after) roster.set(after);
    else roster.delete(before.name);
    const now = clock.now();
    if (before.phase !== after?.phase) {
      this.#log(before, after);
      eventLog.note(before, after, now);
    }
    const ended = before.instance && before.instance.id !== after?.instance?.id;
    // One that missed heartbeats hung, and everything that it had in its hands hung with it.
    const died = ended && before.misses === 0 && !isLeaving(after ?? before);
    if (died) poisonKeys.recordDeath(before.instance.id, now);
    incidents.changed(before, after, now);
  }

  /** The engine told how an instance that failed ended: the incident and the log keep it. */
  #recordEnding(name: string, event: MemberEvent): void {
    const { roster, incidents, log } = this.#options;
    if (event.type === "exit") {
      const failed = roster.get(name)?.retiring.some(({ id, collectOutput }) =>
        id === event.id && collectOutput
      );
      if (failed) incidents.heard(event.id, { exit: event.reason });
    }
    if (event.type !== "output-tail") return;
    const { instance, lines, exit } = event;
    const ending = {
      ...(exit === undefined ? {} : { exit }),
      ...(lines.length === 0 ? {} : { outputTail: lines }),
    };
    if (Object.keys(ending).length === 0) return;
    incidents.heard(instance, ending);
    const wrote = lines.join(" | ");
    log.warn("{name}: {instance} ended: {exit}; it wrote: {lastWords}", {
      name,
      instance,
      exit: exit ?? "the engine does not tell how",
      lastWords: wrote === "" ? "nothing" : wrote,
    });
  }

  /** An instance may end before the engine has answered that it started it. */
  #noteEarlyExit(id: string): void {
    const reason = this.#options.roster.takeExit(id);
    if (reason !== undefined) this.dispatch({ type: "exit", id, reason });
  }

  #log(before: Member, after: Member | undefined): void {
    const { log } = this.#options;
    const failed = after?.lastError !== undefined && after.lastError !== before.lastError;
    const record = {
      name: before.name,
      from: before.phase,
      to: after?.phase ?? "gone",
      instance: (after?.instance ?? before.instance)?.id,
      ...(failed ? { error: after.lastError.message } : {}),
    };
    if (failed) log.warn("{name}: {from} -> {to}: {error}", record);
    else log.info("{name}: {from} -> {to}", record);
  }
}
