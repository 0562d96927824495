/**
 * Evidence about instances that the balancers of one fleet exchange.
 *
 * @module
 */
import type { Cluster } from "../../cluster/cluster.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { EventQueue } from "./event_queue.ts";

/** Dependencies of {@linkcode PeerEvidence}. */
interface PeerEvidenceOptions {
  readonly cluster: Cluster;
  readonly queue: EventQueue;
  readonly dispatcher: Dispatcher;
  /** Sends the next heartbeat of an instance now. */
  readonly probeNow: (instance: string) => void;
}

/** Sends this balancer's evidence, and applies that of the others. */
export class PeerEvidence {
  readonly #options: PeerEvidenceOptions;
  /** While evidence of another balancer is applied, which is not sent back. */
  #receiving = false;

  constructor(options: PeerEvidenceOptions) {
    this.#options = options;
    const { cluster, queue, dispatcher } = options;
    cluster.evidence = {
      onDoubt: (id) => this.#suspect(id),
      onEnded: ({ instance: id, reason }) =>
        queue.run(() => dispatcher.dispatch({ type: "exit", id, reason })),
    };
  }

  /** Tells the other balancers that a ready instance is suspected, or failed. */
  doubted(instance: string): void {
    if (!this.#receiving) this.#options.cluster.doubt(instance);
  }

  /** Tells the other balancers that the engine has reported the end of an instance. */
  ended(instance: string, reason: string): void {
    this.#options.cluster.reportEnd({ instance, reason });
  }

  /**
   * Another balancer's evidence is no proof: the network between that balancer and the instance may
   * have failed. A heartbeat of this balancer decides.
   */
  #suspect(id: string): void {
    const { queue, dispatcher, probeNow } = this.#options;
    queue.run(() => {
      this.#receiving = true;
      try {
        dispatcher.dispatch({ type: "evidence", id, kind: "reset", fresh: true });
      } finally {
        this.#receiving = false;
      }
    });
    probeNow(id);
  }
}
