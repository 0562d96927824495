/**
 * Builds large rings in a thread of their own: a ring of a thousand members on 65,536 slots takes
 * 65 million hashes, which would stop heartbeats, views and the API for half a second.
 *
 * @module
 */
import { Ring } from "../../../ring/mod.ts";
import { ringOf, ringOptions, type RingSpec } from "./ring_spec.ts";

/** Pairs of slot and member from which on a ring counts as large: some ten milliseconds. */
const LARGE = 1_000_000;

/** Longest time for one ring, in milliseconds. The largest takes a second on an idle machine. */
const BUILD_MS = 60_000;

/** The thread's answer. */
export interface BuiltRing {
  /** The table, in shared memory. */
  readonly table: Uint16Array;
}

/** Builds one ring at a time. */
export class RingBuilder {
  #last: Promise<unknown> = Promise.resolve();

  /**
   * Builds a ring. A small one, or one of the layout `ring`, is built at once.
   *
   * @param ringSpec weights and shape, which were found to be possible
   * @param kin a ring of mostly the same members, which speeds up the build of a small one
   * @throws {Error} the thread failed, or took more than a minute
   */
  build(ringSpec: RingSpec, kin: Ring): Promise<Ring> {
    if (!isLarge(ringSpec)) return Promise.resolve(ringOf(ringSpec, kin));
    const built = this.#last.then(() => buildInThread(ringSpec));
    this.#last = built.catch(() => {});
    return built;
  }
}

function isLarge({ weights, shape }: RingSpec): boolean {
  return shape.layout !== "ring" && weights.size * shape.slots > LARGE;
}

async function buildInThread(ringSpec: RingSpec): Promise<Ring> {
  const options = ringOptions(ringSpec);
  const { promise, resolve, reject } = Promise.withResolvers<BuiltRing>();
  const thread = new Worker(new URL("./ring_thread.ts", import.meta.url), {
    type: "module",
    name: "ring builder",
  });
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
  try {
    thread.postMessage(options);
    return Ring.restore(options, (await promise).table);
  } finally {
    clearTimeout(late);
    thread.terminate();
  }
}
