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
import { errorMessage } from "../../failures.ts";
import {
  ConflictError,
  type FleetStore,
  NO_EPOCH,
  type SavedFleet,
  Saver,
  StoreError,
  UnknownOutcomeError,
  type Versioned,
} from "./store.ts";
import { resumeTemplate, sameTemplate, type TemplateSources } from "../spec/template.ts";

/** Dependencies and settings of a {@linkcode DesiredState}. */
interface DesiredStateOptions {
  readonly store: FleetStore;
  /**
   * True if several balancers use the store. The stored state then counts in any case, and the
   * settings only where there is none.
   */
  readonly shared?: boolean;
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
interface Desired {
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

/** Changes of a shared state. */
export interface SharedEdit extends Partial<Desired> {
  /** Weight of every replica in the ring, by name. */
  readonly weights?: RingSpec["weights"];
  readonly joining?: NonNullable<SavedFleet["joining"]>;
}

/** Holds and saves the desired state. Only the fleet's writer changes it. */
export class DesiredState {
  readonly #options: DesiredStateOptions;
  readonly #saver: Saver;
  #desired: Desired;
  #loaded: SavedFleet | undefined;
  #found = false;
  #epoch = NO_EPOCH;

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

  /** Epoch of the state in force. */
  get epoch(): number {
    return this.#epoch;
  }

  /** The state in force that several balancers share; undefined before the first one was saved. */
  get shared(): SavedFleet | undefined {
    return this.#options.shared ? this.#loaded : undefined;
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
    if (this.#options.shared) {
      const newest = await this.newest();
      return newest && this.adoptSaved(newest);
    }
    const saved = await this.#saver.load();
    if (!saved) return;
    this.#found = true;
    this.adoptEpoch();
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
      "LB_REPLICAS is {desired} and was {configured} when the fleet was saved: the saved names, weights and shape are dropped, the deployed template stays",
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

  /**
   * Returns the shared state if it is newer than the one in force.
   *
   * @throws {StoreError} the state cannot be read
   */
  async newest(): Promise<Versioned | undefined> {
    const saved = await this.#options.store.load();
    return saved && saved.epoch > this.#epoch ? saved : undefined;
  }

  /**
   * Replaces the shared state by the one in force with changes. It takes effect with {@linkcode
   * DesiredState.adoptSaved}.
   *
   * @throws {ConflictError} another balancer replaced it first
   * @throws {UnknownOutcomeError} the state may have been replaced
   * @throws {StoreError} the state was not replaced
   */
  async commit(edit: SharedEdit): Promise<Versioned> {
    const { store } = this.#options;
    const { weights = this.#savedWeights(), joining = this.#loaded?.joining ?? {}, ...rest } = edit;
    const replaced = this.#epoch;
    const value = {
      ...this.#state(weights, { ...this.#desired, ...rest }),
      ...(Object.keys(joining).length > 0 ? { joining } : {}),
    };
    try {
      const result = await store.save(value, replaced);
      if (result.done) return { value, epoch: result.epoch };
    } catch (error) {
      return await this.#outcome(value, replaced, error);
    }
    throw new ConflictError();
  }

  /** A save whose answer was lost may have replaced the state. */
  async #outcome(value: SavedFleet, replaced: number, cause: unknown): Promise<Versioned> {
    const found = await this.#options.store.load().catch((error) => {
      throw new UnknownOutcomeError(errorMessage(error), { cause });
    });
    if (found?.epoch === replaced || (!found && replaced === NO_EPOCH)) {
      throw new StoreError(errorMessage(cause), { cause });
    }
    if (JSON.stringify(found?.value) === JSON.stringify(value)) return found!;
    throw new ConflictError();
  }

  /** Puts a shared state in force. */
  adoptSaved({ value, epoch }: Versioned): void {
    const { settings, shape, upstreams } = this.#options;
    this.#found = true;
    this.#loaded = value;
    this.#epoch = epoch;
    this.adopt({
      template: { ...settings, ...value.template },
      deploy: value.deploy,
      shape: value.shape?.inForce ?? shape,
      upstreams: upstreams && (value.upstreams?.inForce ?? upstreams),
      maintenance: value.maintenance,
    });
  }

  #savedWeights(): RingSpec["weights"] {
    const { names = [], weights = {} } = this.#loaded ?? {};
    const { upstreams } = this.#desired;
    if (upstreams) return new Map(upstreams.map(({ name, weight }) => [name, weight]));
    return new Map(names.map((name) => [name, weights[name] ?? 1]));
  }

  /** Counts the last saved state as in force. */
  adoptEpoch(): void {
    this.#epoch = this.#saver.epoch;
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
    const { desired, settings: own, shape: shapeSettings, shared = false } = this.#options;
    const configured = shared ? this.#loaded?.configured ?? desired : desired;
    const settings = shared ? this.#loaded?.settings ?? own : own;
    // The list of upstreams carries their names and weights.
    const named = changed.upstreams ? [] : [...weights];
    const unequal = named.filter(([, weight]) => weight !== 1);
    // Other balancers may have other settings.
    const reshaped = shared || !sameShape(shape, shapeSettings);
    return {
      configured,
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
    const asSet = sameUpstreams(settings, inForce) && !this.#options.shared;
    return asSet ? {} : { upstreams: { settings, inForce } };
  }

  #upstreams({ upstreams: kept }: SavedFleet): Partial<Desired> {
    const { upstreams: settings, log } = this.#options;
    if (!kept || !settings) return {};
    if (sameUpstreams(kept.settings, settings)) return { upstreams: kept.inForce };
    log.warn(
      "LB_UPSTREAMS was changed after PUT /_lb/upstreams or after a change of a weight: the setting is in force, and the saved change is dropped",
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
    if (this.shared) return;
    const newest = running.toSorted((a, b) => a.startedAt - b.startedAt).at(-1);
    if (this.#found || !newest?.template || !newest.settings) return;
    if (!sameTemplate(newest.settings, settings)) return;
    if (sameTemplate({ ...settings, ...newest.template }, settings)) return;
    this.adopt({ template: newest.template });
    log.warn(
      "no state was saved; the running replicas were deployed, and new replicas get the same template",
      {
        template: newest.template,
      },
    );
  }

  /**
   * Keeps the image of existing instances, or resolves the settings' reference again.
   *
   * @param found instances that the engine lists
   */
  takeUp(found: Omit<TemplateSources, "settings">): void {
    const { settings = {} } = this.#options;
    if (this.shared) return;
    this.adopt({ template: resumeTemplate(this.template, { settings, ...found }) });
  }

  #templates({ template, deploy, settings: then }: SavedFleet): Partial<Desired> {
    const { settings, log } = this.#options;
    const deployed = { template: { ...settings, ...template }, deploy };
    if (!settings || !then || sameTemplate(settings, then)) return deployed;
    if (sameTemplate(template, then) && !deploy) return {};
    log.warn(
      "LB_REPLICA_IMAGE, LB_REPLICA_COMMAND or LB_REPLICA_OPTIONS was changed since the last deploy: the settings are in force, and the deployed template is dropped",
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
