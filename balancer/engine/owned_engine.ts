/**
 * An engine that acts only while its balancer owns the fleet.
 *
 * @module
 */
import type {
  Availability,
  Engine,
  EngineEvent,
  Instance,
  Launch,
  Machine,
  Remains,
  Template,
  Watch,
} from "./engine.ts";
import { setAvailability } from "./machines.ts";
import type { FleetOwner } from "./fleet_owner.ts";

/** Checks the ownership before each action. If it is uncertain, the engine counts as `away`. */
export class OwnedEngine implements Engine {
  readonly kind;
  readonly ownsInstances;
  readonly #engine: Engine;
  readonly #owner: FleetOwner;

  constructor(engine: Engine, owner: FleetOwner) {
    this.#engine = engine;
    this.#owner = owner;
    this.kind = engine.kind;
    this.ownsInstances = engine.ownsInstances;
  }

  pin(template: Template, onProgress?: (line: string) => void): Promise<Template> {
    return this.#engine.pin(template, onProgress);
  }

  start(launch: Launch): Promise<Instance> {
    return this.#checked(() => this.#engine.start(launch));
  }

  rename(id: string, name: string): Promise<void> {
    return this.#checked(() => this.#engine.rename(id, name));
  }

  kill(id: string): Promise<void> {
    return this.#checked(() => this.#engine.kill(id));
  }

  readOutputTail(id: string): Promise<readonly string[]> {
    return this.#engine.readOutputTail(id);
  }

  ending(id: string, withinMs: number): Promise<string | undefined> {
    return this.#engine.ending(id, withinMs);
  }

  stop(id: string, graceMs: number, onStopped?: () => void): Promise<void> {
    return this.#checked(() => this.#engine.stop(id, graceMs, onStopped));
  }

  machines(): Promise<readonly Machine[]> {
    return this.#engine.machines?.() ?? Promise.resolve([]);
  }

  setAvailability(machine: string, availability: Availability): Promise<void> {
    return this.#checked(() => setAvailability(this.#engine, machine, availability));
  }

  /** The fleet adopts or removes what is listed, so the ownership is checked here as well. */
  async list(): Promise<readonly Instance[]> {
    await this.#owner.ensure();
    return await this.#engine.list();
  }

  async remains(): Promise<readonly Remains[]> {
    await this.#owner.ensure();
    return await this.#engine.remains();
  }

  watch(listener: (event: EngineEvent) => void): Promise<Watch> {
    return this.#engine.watch(listener);
  }

  close(): Promise<void> {
    return this.#engine.close();
  }

  #checked<T>(call: () => Promise<T>): Promise<T> {
    return Promise.try(() => {
      this.#owner.check();
      return call();
    });
  }
}
