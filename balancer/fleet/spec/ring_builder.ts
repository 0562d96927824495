/**
 * Builds large rings in a thread of their own: a ring of a thousand members on 65,536 slots takes
 * 65 million hashes, and its comparison with the ring before sorts as many flows as there are slots.
 * Both would stop heartbeats, views and the API for half a second.
 *
 * @module
 */
import { Ring } from "../../../ring/mod.ts";
import type { RingOptions } from "../../../ring/mod.ts";
import { turnOfLoop } from "../../turn_of_loop.ts";
import { movementBetween, type RingMovement } from "./movement.ts";
import { ringOf, ringOptions, type RingSpec } from "./ring_spec.ts";

/** Pairs of slot and member from which on a ring counts as large: some ten milliseconds. */
const LARGE = 1_000_000;

/** Longest time for one ring, in milliseconds. The largest takes a second on an idle machine. */
const BUILD_MS = 60_000;

/** A ring to build, and the ring that it is compared with. */
export interface RingOrder {
  readonly before: Pick<Ring, "options" | "table">;
  readonly options: RingOptions;
}

/** The thread's answer. */
export interface BuiltRing extends RingMovement {
  /** The table, in shared memory. */
  readonly table: Uint16Array;
}

/** A ring that was built, and its difference to the ring before. */
export interface ComparedRing extends RingMovement {
  readonly before: Ring;
  readonly ring: Ring;
}

/** Builds one ring at a time. */
export class RingBuilder implements Disposable {
  #last: Promise<unknown> = Promise.resolve();
  #thread: Worker | undefined;
  #onEnd = () => {};

  /**
   * Starts the thread if the ring is large. A start takes the main thread some ten milliseconds, and
   * the thread 8 MB; so it is started with the fleet and stays.
   *
   * @param ringSpec weights and shape of the ring in force
   */
  prepare(ringSpec: RingSpec): void {
    if (isLarge(ringSpec)) this.#started();
  }

  /**
   * Builds a ring. A small one, or one of the layout `ring`, is built at once.
   *
   * @param ringSpec weights and shape, which were found to be possible
   * @param before a ring of mostly the same members, which it is compared with
   * @throws {Error} the thread failed, or took more than a minute
   */
  build(ringSpec: RingSpec, before: Ring): Promise<ComparedRing> {
    if (!isLarge(ringSpec)) return Promise.resolve(compared(before, ringOf(ringSpec, before)));
    const built = this.#last.then(() => this.#buildInThread(ringSpec, before));
    this.#last = built.catch(() => {});
    return built;
  }

  /** Ends the thread; a ring that it builds is an error of its caller. */
  [Symbol.dispose](): void {
    this.#thread?.terminate();
    this.#thread = undefined;
    this.#onEnd();
  }

  #started(): Worker {
    return this.#thread ??= new Worker(new URL("./ring_thread.ts", import.meta.url), {
      type: "module",
      name: "ring builder",
    });
  }

  async #buildInThread(ringSpec: RingSpec, before: Ring): Promise<ComparedRing> {
    const options = ringOptions(ringSpec);
    const thread = this.#started();
    try {
      const order = { before: { options: before.options, table: before.table }, options };
      const { table, ...movement } = await answerTo(
        order,
        thread,
        (reject) => this.#onEnd = reject,
      );
      const ring = Ring.restore(options, table);
      // Reading the table and using it take some milliseconds each.
      await turnOfLoop();
      return { before, ring, ...movement };
    } catch (error) {
      // After an error its state is unknown.
      this[Symbol.dispose]();
      throw error;
    }
  }
}

/** The ring and its movement, for a ring that is built in this thread. */
export function compared(before: Ring, ring: Ring): ComparedRing {
  return { before, ring, ...movementBetween(before, ring) };
}

function isLarge({ weights, shape }: RingSpec): boolean {
  return shape.layout !== "ring" && weights.size * shape.slots > LARGE;
}

async function answerTo(
  order: RingOrder,
  thread: Worker,
  onBegin: (end: () => void) => void,
): Promise<BuiltRing> {
  const { promise, resolve, reject } = Promise.withResolvers<BuiltRing>();
  onBegin(() => reject(new Error("the ring was not built: its thread was ended")));
  const late = setTimeout(
    () => reject(new Error(`the ring was not built within ${BUILD_MS} ms`)),
    BUILD_MS,
  );
  thread.onmessage = ({ data }: MessageEvent<BuiltRing>) => resolve(data);
  thread.onerror = (event) => {
    // The caller gets the error; the balancer goes on.
    event.preventDefault();
    reject(new Error(`the ring could not be built: ${event.message}`));
  };
  thread.postMessage(order);
  try {
    return await promise;
  } finally {
    clearTimeout(late);
  }
}
