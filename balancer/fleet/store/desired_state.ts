/**
 * The part of the desired state that is not in the members: template, deploy, ring shape and
 * upstreams. It is saved, together with the members and their weights, before it takes effect.
 *
 * @module
 */
import type { Instance, Template } from "../../engine/engine.ts";
import type { GivenUpstream } from "../../upstream_list.ts";
import type { MaintenanceState } from "../../view.ts";
import { type RingShape, type RingSpec, sameShape } from "../spec/ring_spec.ts";
import { deployedTemplate, resumeTemplate, type TemplateSources } from "../spec/template.ts";
import type { Desired, DesiredSettings, SharedEdit } from "./desired.ts";
import { restoredTemplates, restoredUpstreams } from "./restored.ts";
import { savedForm } from "./saved_form.ts";
import { replaceShared } from "./shared_replacement.ts";
import {
  type FleetStore,
  type MachineDrain,
  NO_EPOCH,
  type SavedFleet,
  Saver,
  type Versioned,
} from "./store.ts";

/** Dependencies and settings of a {@linkcode DesiredState}. */
interface DesiredStateOptions extends DesiredSettings {
  readonly store: FleetStore;
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
      drain: undefined,
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

  get drain(): MachineDrain | undefined {
    return this.#desired.drain;
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
    this.adopt({
      ...restoredTemplates(saved, this.#options),
      ...restoredUpstreams(saved, this.#options),
      maintenance,
    });
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
    const { weights = this.#savedWeights(), joining = this.#loaded?.joining ?? {}, ...rest } = edit;
    const value = {
      ...this.#state(weights, { ...this.#desired, ...rest }),
      ...(Object.keys(joining).length > 0 ? { joining } : {}),
    };
    return await replaceShared(this.#options.store, value, this.#epoch);
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
      drain: value.drain,
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
    return savedForm(weights, changed, this.#options, this.#loaded);
  }

  /**
   * Recovers a deployed template without a saved state, from the labels of the newest instance, if
   * that instance was started with the present settings.
   *
   * @param running instances of the fleet
   */
  recover(running: readonly Instance[]): void {
    const { settings = {}, log } = this.#options;
    if (this.shared || this.#found) return;
    const template = deployedTemplate(running, settings);
    if (!template) return;
    this.adopt({ template });
    log.warn(
      "no state was saved; the running replicas were deployed, and new replicas get the same template",
      { template },
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
}
