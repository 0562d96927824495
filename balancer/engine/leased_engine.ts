/**
 * An engine that starts, renames and stops instances only while its balancer holds the lease of the
 * fleet.
 *
 * @module
 */
import {
  type Availability,
  type Engine,
  EngineError,
  type EngineEvent,
  type EngineKind,
  type Instance,
  type Launch,
  type Machine,
  type Remains,
  type Template,
  type Watch,
} from "./engine.ts";
import { setAvailability } from "./machines.ts";
import type { GivenUpstream } from "../upstream_list.ts";

/** Checks the lease directly before each call that changes something. */
export class LeasedEngine implements Engine {
  readonly kind: EngineKind;
  readonly ownsInstances: boolean;
  readonly #engine: Engine;
  readonly #mayAct: () => boolean;

  /**
   * @param engine the engine
   * @param mayAct whether this balancer holds the lease now
   */
  constructor(engine: Engine, mayAct: () => boolean) {
    this.#engine = engine;
    this.#mayAct = mayAct;
    this.kind = engine.kind;
    this.ownsInstances = engine.ownsInstances;
  }

  pin(template: Template, onProgress?: (line: string) => void): Promise<Template> {
    return this.#engine.pin(template, onProgress);
  }

  async start(launch: Launch): Promise<Instance> {
    this.#check();
    return await this.#engine.start(launch);
  }

  async rename(id: string, name: string): Promise<void> {
    this.#check();
    await this.#engine.rename(id, name);
  }

  async stop(id: string, graceMs: number, onStopped?: () => void): Promise<void> {
    this.#check();
    await this.#engine.stop(id, graceMs, onStopped);
  }

  /** A drill kills as a fault does; the balancer that heals replaces the instance. */
  kill(id: string): Promise<void> {
    return this.#engine.kill(id);
  }

  readOutputTail(id: string): Promise<readonly string[]> {
    return this.#engine.readOutputTail(id);
  }

  ending(id: string, withinMs: number): Promise<string | undefined> {
    return this.#engine.ending(id, withinMs);
  }

  machines(): Promise<readonly Machine[]> {
    return this.#engine.machines?.() ?? Promise.resolve([]);
  }

  /** Opening a machine starts and stops nothing, so that each balancer may do it. */
  async setAvailability(machine: string, availability: Availability): Promise<void> {
    if (availability !== "active") this.#check();
    await setAvailability(this.#engine, machine, availability);
  }

  setUpstreams(upstreams: readonly GivenUpstream[]): readonly Instance[] {
    return this.#engine.setUpstreams?.(upstreams) ?? [];
  }

  list(): Promise<readonly Instance[]> {
    return this.#engine.list();
  }

  remains(): Promise<readonly Remains[]> {
    return this.#engine.remains();
  }

  watch(listener: (event: EngineEvent) => void): Promise<Watch> {
    return this.#engine.watch(listener);
  }

  close(): Promise<void> {
    return this.#engine.close();
  }

  #check(): void {
    if (this.#mayAct()) return;
    throw new EngineError("not-holder", "another balancer holds the lease of this fleet");
  }
}
