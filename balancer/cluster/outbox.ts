/**
 * The news of one balancer for another one, until they are sent. Their size is bounded: newer values of
 * a kind replace older ones, and lists keep their first entries.
 *
 * @module
 */
import { type EndedInstance, MAX_ENTRIES } from "./peer_message.ts";

/** News for other balancers; a message always carries the sender's report, too. */
export interface PeerNews {
  /** Epochs of values that were saved, by name. */
  readonly saved?: Readonly<Record<string, number>>;
  /** Instances about which there is evidence of a failure. */
  readonly doubted?: readonly string[];
  /** Instances that ended. */
  readonly ended?: readonly EndedInstance[];
}

/** Collects news for one balancer. */
export class Outbox {
  #saved: Record<string, number> = {};
  readonly #doubted = new Set<string>();
  readonly #ended = new Map<string, EndedInstance>();
  #due = false;

  /** Whether there is something to send. */
  get due(): boolean {
    return this.#due;
  }

  /** Adds news. A list that is full takes no more: heartbeats find those failures. */
  add({ saved = {}, doubted = [], ended = [] }: PeerNews): void {
    this.#due = true;
    this.#saved = { ...this.#saved, ...saved };
    for (const id of doubted) if (this.#doubted.size < MAX_ENTRIES) this.#doubted.add(id);
    for (const one of ended) {
      if (this.#ended.size < MAX_ENTRIES) this.#ended.set(one.instance, one);
    }
  }

  /** Takes everything out. */
  take(): Required<PeerNews> {
    const news = {
      saved: this.#saved,
      doubted: [...this.#doubted],
      ended: [...this.#ended.values()],
    };
    this.#saved = {};
    this.#doubted.clear();
    this.#ended.clear();
    this.#due = false;
    return news;
  }
}
