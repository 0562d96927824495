/**
 * The part of the desired state that is not in the members: template, deploy, ring shape and
 * upstreams. It is saved, together with the members and their weights, before it takes effect.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";
import type { Instance, Template } from "../../engine/engine.ts";
import { type GivenUpstream, sameUpstreams } from "../../upstream_list.ts";
import type { MaintenanceState } from "../../view.ts";
import { type RingShape, type RingSpec, sameShape } from "../spec/ring_spec.ts";
import { type FleetStore, type SavedFleet, Saver } from "./store.ts";
import { resumeTemplate, sameTemplate, type TemplateSources } from "../spec/template.ts";

/** Dependencies and settings of a {@linkcode DesiredState}. */
export interface DesiredStateOptions {
  readonly store: FleetStore;
  /** Value of `LB_REPLICAS`. */
  readonly desired: number;
  /** Ring shape of the settings. */
  readonly shape: RingShape;
  /** Template of the settings, if the engine runs the instances. */
  readonly settings?: Template;
  /** Value of `LB_UPSTREAMS`, if the balancer does not run the instances. */
  readonly upstreams?: readonly GivenUpstream[];
  readonly log: Logger;
}

/** The desired state without the members. */
export interface Desired {
  /** Template of new instances: that of the settings, or a deployed one. */
  readonly template: Template;
  /** Template of the deploy in progress; undefined if there is none. */
  readonly deploy: Template | undefined;
  /** Present shape of the ring. */
  readonly shape: RingShape;
  /** Present upstreams; undefined if the engine runs its own instances. */
  readonly upstreams: readonly GivenUpstream[] | undefined;
  /** The maintenance under way; undefined if there is none. */
  readonly maintenance: MaintenanceState | undefined;
}

/** Holds and saves the desired state. Only the fleet's writer changes it. */
export class DesiredState {
  readonly #options: DesiredStateOptions;
  readonly #saver: Saver;
  #desired: Desired;
  #loaded: SavedFleet | undefined;
  #found = false;

  constructor(options: DesiredStateOptions) {
    this.#options = options;
    const { settings = {}, shape, upstreams } = options;
    this.#desired = {
      template: settings,
      deploy: undefined,
      shape,
      upstreams,
      maintenance: undefined,
    };
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

  get maintenance(): MaintenanceState | undefined {
    return this.#desired.maintenance;
  }

  /** Whether a saved state was found. */
  get found(): boolean {
    return this.#found;
  }

  /** The saved names and weights, if `LB_REPLICAS` has not changed since. */
  get loaded(): SavedFleet | undefined {
    return this.#loaded;
  }

  /**
   * Loads the saved state. Settings that changed since a shape or a template was saved are newer
   * and override it.
   *
   * @throws {StoreError} the state cannot be read
   */
  async load(): Promise<void> {
    const saved = await this.#saver.load();
    if (!saved) return;
    this.#found = true;
    const { configured, shape, maintenance } = saved;
    this.adopt({ ...this.#templates(saved), ...this.#upstreams(saved), maintenance });
    const { desired, upstreams, log } = this.#options;
    // Upstreams are a list: another number of them does not discard the ring's shape.
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
   * Saves the desired state with changes. The changes take effect with {@linkcode
   * DesiredState.adopt}.
   *
   * @param weights weight of every replica in the ring, by name
   * @param changes changes of the rest
   * @throws {StoreError} the state was not saved
   */
  save(weights: RingSpec["weights"], changes: Partial<Desired> = {}): Promise<void> {
    return this.#saver.save(this.#state(weights, { ...this.#desired, ...changes }));
  }

  /**
   * Saves the maintenance and makes it take effect. It waits for no change of the fleet, and a
   * change that is being saved at the same time is kept.
   *
   * @param maintenance the maintenance; undefined for none
   * @param weights weight of every replica in the ring, for a first save
   * @throws {StoreError} the state was not saved, and nothing was changed
   */
  async setMaintenance(
    maintenance: MaintenanceState | undefined,
    weights: RingSpec["weights"],
  ): Promise<void> {
    const before = this.#desired.maintenance;
    // Saves that begin meanwhile keep it.
    this.adopt({ maintenance });
    try {
      await this.#saver.amend((last = this.#state(weights, this.#desired)) => {
        const { maintenance: _, ...rest } = last;
        return maintenance ? { ...rest, maintenance } : rest;
      });
    } catch (error) {
      this.adopt({ maintenance: before });
      throw error;
    }
  }

  /** Makes changes take effect. */
  adopt(changes: Partial<Desired>): void {
    this.#desired = { ...this.#desired, ...changes };
  }

  /** Waits until no save is in progress. */
  saved(): Promise<void> {
    return this.#saver.done();
  }

  #state(weights: RingSpec["weights"], changed: Desired): SavedFleet {
    const { template, deploy, shape, maintenance } = changed;
    const { desired, settings, shape: shapeSettings } = this.#options;
    // The list of upstreams carries their names and weights.
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
      ...(maintenance ? { maintenance } : {}),
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
   * Recovers a deployed template without a saved state, from the labels of the newest instance, if
   * that instance was started with the present settings.
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
   * Keeps the image of existing instances, or resolves the settings' reference again.
   *
   * @param found instances that the engine lists
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

/** Returns the list with the present weights of the replicas. */
export function weighted(
  upstreams: readonly GivenUpstream[],
  weights: RingSpec["weights"],
): readonly GivenUpstream[] {
  return upstreams.map((one) => ({ ...one, weight: weights.get(one.name) ?? one.weight }));
}
