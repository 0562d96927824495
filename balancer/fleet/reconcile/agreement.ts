/**
 * Whether the balancers of one fleet route by the same ring.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";
import type { Cluster } from "../../cluster/cluster.ts";

/** Rings that differ for longer than this, in milliseconds, are reported. */
const DISAGREE_MS = 10_000;

/** Reports once when the balancers' rings have differed for long, and when they are equal again. */
export class Agreement {
  readonly #cluster: Cluster;
  readonly #log: Logger;
  #differed = false;

  /** @param options the balancers, and the log of the reports */
  constructor({ cluster, log }: { readonly cluster: Cluster; readonly log: Logger }) {
    this.#cluster = cluster;
    this.#log = log;
  }

  /** Compares the rings; to be called every few seconds. */
  check(): void {
    const { disagreeMs, status } = this.#cluster;
    const differs = disagreeMs > DISAGREE_MS;
    if (differs && !this.#differed) {
      this.#log.error("the balancers' rings have differed for {ms} ms: {balancers}", {
        ms: disagreeMs,
        balancers: status.balancers.map(({ id, epoch, digest }) => ({ id, epoch, digest })),
      });
    }
    if (!differs && this.#differed) this.#log.info("the balancers' rings are equal again");
    this.#differed = differs;
  }
}
