/**
 * Delivers events to the members that they are about, and publishes every change of a member.
 * Only the fleet's writer uses it.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";
import type { Clock } from "../../clock.ts";
import type { EventLog } from "../incidents/event_log.ts";
import type { Ending, Member } from "../member/member.ts";
import type { FleetPolicy } from "../member/policy.ts";
import { type MemberEvent, transition } from "../member/transition.ts";
import type { Roster } from "./roster.ts";

/** Dependencies of a {@linkcode Dispatcher}. */
interface DispatcherOptions {
  readonly roster: Roster;
  readonly policy: FleetPolicy;
  readonly clock: Clock;
  readonly log: Logger;
  readonly eventLog: EventLog;
  /** Called for each instance that ended. */
  readonly onExit?: (id: string) => void;
  /** Called when a ready instance is suspected, or fails. */
  readonly onDoubt?: (id: string) => void;
}

/** Applies events to members. */
export class Dispatcher {
  readonly #options: DispatcherOptions;

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  /**
   * Applies an event to the member that has the instance of the event. An instance may have been
   * renamed since the event was caused, so the id decides, not the name.
   *
   * @param event the event
   * @param name the member, if the event names no known instance
   */
  dispatch(event: MemberEvent, name?: string): void {
    const { roster, onExit } = this.#options;
    if (event.type === "exit") onExit?.(event.id);
    const id = "id" in event ? event.id : undefined;
    const member = id === undefined ? undefined : roster.byInstance(id);
    if (event.type === "exit" && !member) return roster.noteExit(event.id, event.reason);
    const target = member?.name ?? name;
    if (target === undefined) return;
    this.#noteEnding(target, event);
    this.apply(target, event);
    if (event.type === "started") this.#dispatchEarlyExit(event.instance.id);
  }

  /** Applies an event to the member of a name. Unknown names are ignored. */
  apply(name: string, event: MemberEvent): void {
    const { roster, clock, policy } = this.#options;
    const before = roster.get(name);
    if (before) this.update(before, transition(before, event, { now: clock.now(), policy }));
  }

  /** Stores a member's next state, or removes the member if there is none, and publishes that. */
  update(before: Member, after: Member | undefined): void {
    if (after === before) return;
    const { roster, clock, eventLog } = this.#options;
    if (after) roster.set(after);
    else roster.delete(before.name);
    if (before.phase !== after?.phase) this.#logPhase(before, after);
    if (before.instance && failsNow(before, after)) this.#options.onDoubt?.(before.instance.id);
    eventLog.note({ type: "changed", at: clock.now(), before, after });
  }

  /** Publishes how a failed instance ended and what it wrote last. */
  #noteEnding(name: string, event: MemberEvent): void {
    if (event.type === "exit" && this.#awaitsOutput(name, event.id)) {
      this.#note(event.id, { exit: event.reason });
    }
    if (event.type !== "output-tail") return;
    const { instance, lines, exit } = event;
    const ending = {
      ...(exit === undefined ? {} : { exit }),
      ...(lines.length === 0 ? {} : { outputTail: lines }),
    };
    if (Object.keys(ending).length === 0) return;
    this.#note(instance, ending);
    this.#logEnding(name, instance, ending);
  }

  #awaitsOutput(name: string, id: string): boolean {
    const retiring = this.#options.roster.get(name)?.retiring ?? [];
    return retiring.some((one) => one.id === id && one.collectOutput);
  }

  #note(instance: string, ending: Ending): void {
    const { eventLog, clock } = this.#options;
    eventLog.note({ type: "ended", at: clock.now(), instance, ending });
  }

  /** An instance may end before the engine has answered the call that started it. */
  #dispatchEarlyExit(id: string): void {
    const reason = this.#options.roster.takeExit(id);
    if (reason !== undefined) this.dispatch({ type: "exit", id, reason });
  }

  #logEnding(name: string, instance: string, { exit, outputTail = [] }: Ending): void {
    const wrote = outputTail.join(" | ");
    this.#options.log.warn("{name}: {instance} ended: {exit}; it wrote: {lastWords}", {
      name,
      instance,
      exit: exit ?? "the engine does not tell how",
      lastWords: wrote === "" ? "nothing" : wrote,
    });
  }

  #logPhase(before: Member, after: Member | undefined): void {
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

function failsNow(before: Member, after: Member | undefined): boolean {
  if (before.phase !== "ready" || before.suspect || !after) return false;
  return after.phase === "ready"
    ? after.suspect
    : after.phase === "down" || after.phase === "waiting";
}
