/**
 * The phases of a client's connection, and their deadlines.
 *
 * @module
 */
import type { ClientServices } from "./client_services.ts";

/** State of the connection; decides how an expired deadline is handled. */
type Phase = "idle" | "head" | "busy" | "closing";

/**
 * The present phase of one connection. {@linkcode ClientConnection} extends it, so that a request
 * costs no further object.
 */
export class ClientPhases {
  /** Deadline of the phase, by the clock of the deadlines; `Infinity` for none. */
  deadlineAt = Infinity;
  protected phase: Phase = "idle";
  protected readonly services: ClientServices;

  /** @param services services shared by the client connections of one worker */
  constructor(services: ClientServices) {
    this.services = services;
  }

  /**
   * Milliseconds that the client has been idle or in the middle of a head, rounded up; 0 in other
   * states. Computed from the deadline, so that requests pay nothing for it.
   */
  get waitedMs(): number {
    if (this.phase !== "idle" && this.phase !== "head") return 0;
    const { deadlines, timeouts: { head, keepAlive } } = this.services;
    const left = this.deadlineAt - deadlines.in(0);
    const [shorter, longer] = [Math.min(head, keepAlive), Math.max(head, keepAlive)];
    return (left <= shorter ? shorter : longer) - left;
  }

  /** A request is being answered: no deadline runs against the client. */
  work(): void {
    this.expect("busy", Infinity);
  }

  /** A head is incomplete: its rest has a deadline of its own, which begins with its first bytes. */
  startHead(): void {
    if (this.phase === "idle") this.expect("head", this.services.timeouts.head);
  }

  /** The last response is about to be sent, or was: the connection will be closed. */
  startClosing(): void {
    this.expect("closing", this.services.linger.readMs);
  }

  /** Enters a phase whose deadline passes after some milliseconds; `Infinity` for none. */
  protected expect(phase: Phase, ms: number): void {
    this.phase = phase;
    this.deadlineAt = ms === Infinity ? Infinity : this.services.deadlines.in(ms);
  }
}
