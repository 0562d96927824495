/**
 * One timer for all callbacks of the same short slot of time.
 *
 * A turn of the runtime's event loop costs as much as several heartbeats. The heartbeats of a
 * thousand replicas that each start in a turn of their own, with a response in another, would cost
 * several hundred turns a second; those of one slot start in one turn, and their responses arrive
 * together.
 *
 * @module
 */
import type { Clock } from "../../clock.ts";

/** The callbacks of a slot, and the function that cancels its timer. */
interface Slot {
  readonly callbacks: Set<() => void>;
  readonly cancel: () => void;
}

/** Calls back in slots. */
export class SlotTimer {
  readonly #clock: Clock;
  /** Slots by the instant at which they begin. */
  readonly #slots = new Map<number, Slot>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Calls back once, at the beginning of the slot that an instant falls into: early by less than a
   * slot, never late.
   *
   * @param ms milliseconds until that instant
   * @param slotMs length of a slot, in milliseconds
   * @param callback must not throw
   * @returns cancels the call
   */
  after(ms: number, slotMs: number, callback: () => void): () => void {
    const now = this.#clock.now();
    const begin = Math.max(now, Math.floor((now + ms) / slotMs) * slotMs);
    const slot = this.#slots.get(begin) ?? this.#open(begin, begin - now);
    slot.callbacks.add(callback);
    return () => this.#remove(begin, slot, callback);
  }

  #open(begin: number, ms: number): Slot {
    const callbacks = new Set<() => void>();
    const cancel = this.#clock.after(ms, () => {
      this.#slots.delete(begin);
      for (const callback of callbacks) callback();
    });
    const slot = { callbacks, cancel };
    this.#slots.set(begin, slot);
    return slot;
  }

  /** A timer without callbacks would keep the process alive. */
  #remove(begin: number, slot: Slot, callback: () => void): void {
    slot.callbacks.delete(callback);
    if (slot.callbacks.size > 0 || this.#slots.get(begin) !== slot) return;
    slot.cancel();
    this.#slots.delete(begin);
  }
}
