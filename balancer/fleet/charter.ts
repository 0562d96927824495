/**
 * What the fleet is to be beside its members: what new instances run, and the shape of the ring.
 * All of it, and the members with their weights, is kept for the balancer's next life.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";
import type { Template } from "../engine/engine.ts";
import type { FailureLog } from "../failures.ts";
import { type GivenUpstream, sameUpstreams } from "../upstream_list.ts";
import { type RingShape, sameShape } from "./blueprint.ts";
import type { Member } from "./member.ts";
import { type FleetStore, type SavedFleet, Saver } from "./store.ts";

/** What a {@linkcode Charter} is made of. */
export interface CharterOptions {
  readonly store: FleetStore;
  /** The setting `LB_REPLICAS`. */
  readonly desired: number;
  /** The ring's shape by the settings. */
  readonly shape: RingShape;
  /** The setting `LB_UPSTREAMS`, where somebody else runs the instances. */
  readonly upstreams?: readonly GivenUpstream[];
  readonly log: Logger;
  readonly failures: FailureLog;
}

/** Only the fleet's writer changes it. */
export class Charter {
  /** What new instances run, where that differs from the settings. */
  template: Template = {};
  /** The shape of the ring in force. */
  shape: RingShape;
  /** The upstreams in force; undefined where the engine runs its own instances. */
  upstreams: readonly GivenUpstream[] | undefined;
  readonly #settings: RingShape;
  readonly #given: readonly GivenUpstream[] | undefined;
  readonly #saver: Saver;
  readonly #log: Logger;

  constructor({ store, desired, shape, upstreams, failures, log }: CharterOptions) {
    this.shape = shape;
    this.#settings = shape;
    this.#given = this.upstreams = upstreams;
    // Upstreams come as a list, not as a number: another number is no reason to forget the ring.
    this.#saver = new Saver(store, upstreams ? 0 : desired, failures);
    this.#log = log;
  }

  /** What an earlier life kept, where the setting is the same as then. */
  get loaded(): SavedFleet | undefined {
    return this.#saver.loaded;
  }

  /**
   * Takes up what an earlier life kept. A shape and a list of upstreams count only while the
   * settings are those that they were changed from: a new setting is the newer wish.
   *
   * @throws {StoreError} it cannot be read
   */
  async load(): Promise<void> {
    const saved = await this.#saver.load();
    if (!saved) return;
    this.template = saved.template;
    const { shape } = saved;
    if (shape && sameShape(shape.settings, this.#settings)) this.shape = shape.inForce;
    this.#loadUpstreams(saved);
  }

  #loadUpstreams({ upstreams: kept }: SavedFleet): void {
    if (!kept || !this.#given) return;
    if (sameUpstreams(kept.settings, this.#given)) {
      this.upstreams = kept.inForce;
      this.#log.info("{count} upstreams, as they were changed while the balancer ran", {
        count: kept.inForce.length,
      });
    } else {
      this.#log.warn(
        "LB_UPSTREAMS is not what it was: it replaces the list that was set while the balancer ran",
      );
    }
  }

  /** The upstreams with the weights that their members have. */
  upstreamsOf(replicas: readonly Member[]): readonly GivenUpstream[] {
    const weights = new Map(replicas.map(({ name, weight }) => [name, weight]));
    return (this.upstreams ?? []).map((one) => ({
      ...one,
      weight: weights.get(one.name) ?? one.weight,
    }));
  }

  /** Keeps it, with the replicas in the ring, unless just that is kept. */
  keep(replicas: readonly Member[]): void {
    const weights = replicas.filter(({ weight }) => weight !== 1);
    this.#saver.save({
      names: replicas.map(({ name }) => name),
      template: this.template,
      ...(weights.length > 0
        ? { weights: Object.fromEntries(weights.map(({ name, weight }) => [name, weight])) }
        : {}),
      ...(sameShape(this.shape, this.#settings)
        ? {}
        : { shape: { settings: this.#settings, inForce: this.shape } }),
      ...this.#changedUpstreams(replicas),
    });
  }

  #changedUpstreams(replicas: readonly Member[]): Pick<SavedFleet, "upstreams"> {
    const settings = this.#given;
    if (!settings) return {};
    const inForce = this.upstreamsOf(replicas);
    return sameUpstreams(settings, inForce) ? {} : { upstreams: { settings, inForce } };
  }

  /** Waits until nothing is left to be kept. */
  kept(): Promise<void> {
    return this.#saver.done();
  }
}
