/**
 * What the fleet is to be beside its members: what new instances run, and the shape of the ring.
 * All of it, and the members with their weights, is kept for the balancer's next life.
 *
 * @module
 */
import type { Template } from "../engine/engine.ts";
import type { FailureLog } from "../failures.ts";
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
  readonly failures: FailureLog;
}

/** Only the fleet's writer changes it. */
export class Charter {
  /** What new instances run, where that differs from the settings. */
  template: Template = {};
  /** The shape of the ring in force. */
  shape: RingShape;
  readonly #settings: RingShape;
  readonly #saver: Saver;

  constructor({ store, desired, shape, failures }: CharterOptions) {
    this.shape = shape;
    this.#settings = shape;
    this.#saver = new Saver(store, desired, failures);
  }

  /** What an earlier life kept, where the setting is the same as then. */
  get loaded(): SavedFleet | undefined {
    return this.#saver.loaded;
  }

  /**
   * Takes up what an earlier life kept. A shape counts only while the settings are those that it
   * was changed from: who changes them means it.
   *
   * @throws {StoreError} it cannot be read
   */
  async load(): Promise<void> {
    const saved = await this.#saver.load();
    if (!saved) return;
    this.template = saved.template;
    const { shape } = saved;
    if (shape && sameShape(shape.settings, this.#settings)) this.shape = shape.inForce;
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
    });
  }

  /** Waits until nothing is left to be kept. */
  kept(): Promise<void> {
    return this.#saver.done();
  }
}
