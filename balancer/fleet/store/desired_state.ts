/**
 * What the fleet is to be beside its members: what new instances run, and the shape of the ring.
 * All of it, and the members with their weights, is saved for the balancer's next life, before it
 * comes into force.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";
import type { Instance, Template } from "../../engine/engine.ts";
import { type GivenUpstream, sameUpstreams } from "../../upstream_list.ts";
import { type RingShape, type RingSpec, sameShape } from "../spec/ring_spec.ts";
import { type FleetStore, type SavedFleet, Saver } from "./store.ts";
import { resumeTemplate, sameTemplate, type TemplateSources } from "../spec/template.ts";

/** What a {@linkcode DesiredState} is made of. */
export interface DesiredStateOptions {
  readonly store: FleetStore;
  /** The setting `LB_REPLICAS`. */
  readonly desired: number;
  /** The ring's shape by the settings. */
  readonly shape: RingShape;
  /** What instances run by the settings, where the engine runs any. */
  readonly settings?: Template;
  /** The setting `LB_UPSTREAMS`, where somebody else runs the instances. */
  readonly upstreams?: readonly GivenUpstream[];
  readonly log: Logger;
}

/** The part of the desired state that is not in the members. */
export interface Desired {
  /** What new instances run: the settings, or what a deploy brought. */
  readonly template: Template;
  /** What a deploy that is under way brings; undefined where none is. */
  readonly deploy: Template | undefined;
  /** The shape of the ring in force. */
  readonly shape: RingShape;
  /** The upstreams in force; undefined where the engine runs its own instances. */
  readonly upstreams: readonly GivenUpstream[] | undefined;
}

/** Only the fleet's writer changes it. */
export class DesiredState {
  readonly #options: DesiredStateOptions;
  readonly #saver: Saver;
  #desired: Desired;
  #loaded: SavedFleet | undefined;
  #found = false;

  constructor(options: DesiredStateOptions) {
    this.#options = options;
    const { settings = {}, shape, upstreams } = options;
    this.#desired = { template: settings, deploy: undefined, shape, upstreams };
    this.#saver = new Saver(options.store);
  }

  get template(): Template {
    return this.#desired.template;
  }

  get deploy(): Template | undefined {
    return this.#desired.deploy;
  }

  get shape(): RingShape {
    return this.#desired.shape;
  }

  get upstreams(): readonly GivenUpstream[] | undefined {
    return this.#desired.upstreams;
  }

  /** Whether an earlier life saved anything. */
  get found(): boolean {
    return this.#found;
  }

  /** Names and weights that an earlier life saved, where `LB_REPLICAS` is the same as then. */
  get loaded(): SavedFleet | undefined {
    return this.#loaded;
  }

  /**
   * Takes up what an earlier life saved. Settings that are others than those that a shape or a
   * template was chosen beside are the newer request and win.
   *
   * @throws {StoreError} it cannot be read
   */
  async load(): Promise<void> {
    const saved = await this.#saver.load();
    if (!saved) return;
    this.#found = true;
    this.adopt({ ...this.#templates(saved), ...this.#upstreams(saved) });
    const { configured, shape } = saved;
    const { desired, upstreams, log } = this.#options;
    // Upstreams come as a list: another number of them is no reason to forget the ring's shape.
    if (configured === desired || upstreams) {
      this.#loaded = saved;
      if (shape && sameShape(shape.settings, this.#options.shape)) {
        this.adopt({ shape: shape.inForce });
      }
      return;
    }
    log.warn(
      "LB_REPLICAS is {desired} and was {configured} when the fleet was saved: the saved names, weights and shape are dropped, what a deploy brought stays",
      { desired, configured },
    );
  }

  /**
   * Saves what the fleet is to be. Nothing is in force yet: see {@linkcode DesiredState.adopt}.
   *
   * @param weights of every replica in the ring, by name
   * @param changes of the rest
   * @throws {StoreError} it is not saved
   */
  save(weights: RingSpec["weights"], changes: Partial<Desired> = {}): Promise<void> {
    return this.#saver.save(this.#state(weights, { ...this.#desired, ...changes }));
  }

  /** Has changes be in force. */
  adopt(changes: Partial<Desired>): void {
    this.#desired = { ...this.#desired, ...changes };
  }

  /** Waits until no save is under way. */
  saved(): Promise<void> {
    return this.#saver.done();
  }

  #state(weights: RingSpec["weights"], changed: Desired): SavedFleet {
    const { template, deploy, shape } = changed;
    const { desired, settings, shape: shapeSettings } = this.#options;
    // Names and weights of upstreams are in their list.
    const named = changed.upstreams ? [] : [...weights];
    const unequal = named.filter(([, weight]) => weight !== 1);
    const reshaped = !sameShape(shape, shapeSettings);
    return {
      configured: desired,
      names: named.map(([name]) => name),
      template,
      ...(settings ? { settings } : {}),
      ...(deploy ? { deploy } : {}),
      ...(unequal.length > 0 ? { weights: Object.fromEntries(unequal) } : {}),
      ...(reshaped ? { shape: { settings: shapeSettings, inForce: shape } } : {}),
      ...this.#changedUpstreams(weights, changed),
    };
  }

  #changedUpstreams(
    weights: RingSpec["weights"],
    { upstreams = [] }: Desired,
  ): Pick<SavedFleet, "upstreams"> {
    const { upstreams: settings } = this.#options;
    if (!settings) return {};
    const inForce = weighted(upstreams, weights);
    return sameUpstreams(settings, inForce) ? {} : { upstreams: { settings, inForce } };
  }

  #upstreams({ upstreams: kept }: SavedFleet): Partial<Desired> {
    const { upstreams: settings, log } = this.#options;
    if (!kept || !settings) return {};
    if (sameUpstreams(kept.settings, settings)) return { upstreams: kept.inForce };
    log.warn(
      "LB_UPSTREAMS was changed since PUT /_lb/upstreams or a weight was: the setting counts, and what was set does not",
    );
    return {};
  }

  /**
   * Without a saved state the labels of what runs say what a deploy brought: those of the newest
   * instance, as long as the settings are the ones that it was started with.
   *
   * @param running instances of the fleet
   */
  recover(running: readonly Instance[]): void {
    const { settings = {}, log } = this.#options;
    const newest = running.toSorted((a, b) => a.startedAt - b.startedAt).at(-1);
    if (this.#found || !newest?.template || !newest.settings) return;
    if (!sameTemplate(newest.settings, settings)) return;
    if (sameTemplate({ ...settings, ...newest.template }, settings)) return;
    this.adopt({ template: newest.template });
    log.warn("no state was saved; what runs was deployed, and new replicas run it, too", {
      template: newest.template,
    });
  }

  /**
   * Goes on with the image of what exists, or resolves the settings' reference again.
   *
   * @param found what the engine knows of the fleet
   */
  takeUp(found: Omit<TemplateSources, "settings">): void {
    const { settings = {} } = this.#options;
    this.adopt({ template: resumeTemplate(this.template, { settings, ...found }) });
  }

  #templates({ template, deploy, settings: then }: SavedFleet): Partial<Desired> {
    const { settings, log } = this.#options;
    const deployed = { template: { ...settings, ...template }, deploy };
    if (!settings || !then || sameTemplate(settings, then)) return deployed;
    if (sameTemplate(template, then) && !deploy) return {};
    log.warn(
      "LB_REPLICA_IMAGE, LB_REPLICA_COMMAND or LB_REPLICA_OPTIONS was changed since the last deploy: the settings count, and what was deployed does not",
      { settings, deployed: deploy ?? template },
    );
    return {};
  }
}

/** A list with the weights that the replicas have now. */
export function weighted(
  upstreams: readonly GivenUpstream[],
  weights: RingSpec["weights"],
): readonly GivenUpstream[] {
  return upstreams.map((one) => ({ ...one, weight: weights.get(one.name) ?? one.weight }));
}
