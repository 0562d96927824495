/**
 * An in-memory engine for tests.
 *
 * @module
 */
import type { Address } from "../view.ts";
import type { Engine, EngineEvent, Instance, Launch, Remains, Template, Watch } from "./engine.ts";
import { EngineError, OUTPUT_TAIL_LINES } from "./engine.ts";
import { Watchers } from "./watchers.ts";

/** Records calls, pretends instances, and fails on demand. */
export class MemoryEngine implements Engine {
  readonly kind = "memory";
  readonly ownsInstances = true;
  /**
   * The calls, oldest first: `start Server1`, `start spare-1 spare`, `rename spare-1#2 Server1`,
   * `kill Server1#1`, `stop Server1#1 500`.
   */
  readonly calls: string[] = [];
  /** The requested starts, oldest first. */
  readonly launches: Launch[] = [];
  /** Ids of instances whose removal fails. */
  readonly stuck = new Set<string>();
  /** Id of each image, by reference. */
  readonly images = new Map<string, string>();
  readonly #addressOf: (name: string) => Address;
  readonly #instances = new Map<string, Instance>();
  readonly #remains = new Map<string, Remains>();
  readonly #words = new Map<string, readonly string[]>();
  readonly #endings = new Map<string, string>();
  readonly #watchers = new Watchers();
  readonly #startFailures: EngineError[] = [];
  readonly #renameFailures: EngineError[] = [];
  #hold: Promise<void> | undefined;
  #away: EngineError | undefined;
  #started = 0;

  /** @param addressOf returns the pretended address for a name */
  constructor(addressOf: (name: string) => Address = () => ({ hostname: "127.0.0.1", port: 1 })) {
    this.#addressOf = addressOf;
  }

  /** Keeps the template's image id, as a start does, or looks it up. */
  pin(template: Template, _onProgress?: (line: string) => void): Promise<Template> {
    return Promise.try(() => {
      this.#throwIfAway();
      return this.#pinned(template);
    });
  }

  async start(launch: Launch): Promise<Instance> {
    const { name, spare } = launch;
    this.calls.push(`start ${name}${spare ? " spare" : ""}`);
    this.launches.push(launch);
    await this.#hold;
    this.#throwIfAway();
    throwNext(this.#startFailures);
    const other = this.#unknown(launch);
    if (other) return other;
    const id = `${name}#${++this.#started}`;
    const address = this.#addressOf(name);
    const template = this.#pinned(launch.template);
    const runs = template.imageId === undefined ? {} : { template };
    const instance = { id, name, spare, address, startedAt: Date.now(), ...runs };
    this.#instances.set(id, instance);
    return instance;
  }

  rename(id: string, name: string): Promise<void> {
    return Promise.try(() => {
      this.calls.push(`rename ${id} ${name}`);
      this.#throwIfAway();
      throwNext(this.#renameFailures);
      this.#instances.set(id, { ...this.#running(id), name, spare: false });
    });
  }

  kill(id: string): Promise<void> {
    return Promise.try(() => {
      this.calls.push(`kill ${id}`);
      this.#throwIfAway();
      this.#end(this.#running(id), "killed");
    });
  }

  readOutputTail(id: string): Promise<readonly string[]> {
    return Promise.try(() => {
      this.#throwIfAway();
      return this.#words.get(id) ?? [];
    });
  }

  ending(id: string, _withinMs: number): Promise<string | undefined> {
    return Promise.try(() => {
      this.#throwIfAway();
      return this.#endings.get(id);
    });
  }

  stop(id: string, graceMs: number, onStopped?: () => void): Promise<void> {
    return Promise.try(() => {
      this.calls.push(`stop ${id} ${graceMs}`);
      this.#throwIfAway();
      const instance = this.#instances.get(id);
      if (instance) this.#end(instance, "stopped");
      if (this.stuck.has(id)) {
        onStopped?.();
        throw new EngineError("failed", `removal of ${id} is already in progress`);
      }
      this.#remains.delete(id);
      this.#words.delete(id);
      this.#endings.delete(id);
    });
  }

  list(): Promise<readonly Instance[]> {
    return Promise.try(() => {
      this.#throwIfAway();
      return [...this.#instances.values()];
    });
  }

  remains(): Promise<readonly Remains[]> {
    return Promise.try(() => {
      this.#throwIfAway();
      return [...this.#remains.values()];
    });
  }

  watch(listener: (event: EngineEvent) => void): Promise<Watch> {
    return Promise.resolve(this.#watchers.add(listener));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Ends the instances of a name as a fault would. Their remains stay. */
  fail(name: string, reason = "killed"): void {
    const named = [...this.#instances.values()].filter((instance) => instance.name === name);
    for (const instance of named) this.#end(instance, reason);
  }

  /** Removes an instance without a report of its exit and without remains. */
  lose(id: string): void {
    this.#instances.delete(id);
  }

  /** Adds remains, as if they had existed before. */
  leave(remains: Remains): void {
    this.#remains.set(remains.id, remains);
  }

  /** Adds output lines of an instance, started or not; the last ones are kept. */
  say(id: string, ...lines: string[]): void {
    this.#words.set(id, [...this.#words.get(id) ?? [], ...lines].slice(-OUTPUT_TAIL_LINES));
  }

  /**
   * Makes the engine's own health check of a name's instances fail, or pass if there is no reason.
   */
  check(name: string, reason?: string): void {
    for (const instance of this.#instances.values()) {
      if (instance.name !== name) continue;
      const { unhealthy: _, ...healthy } = instance;
      const health = reason === undefined ? {} : { unhealthy: reason };
      this.#instances.set(instance.id, { ...healthy, ...health });
      const given = reason === undefined ? {} : { reason };
      this.#watchers.report({ type: "health", name, id: instance.id, ...given });
    }
  }

  /** Makes the next start fail. Two calls make the next two starts fail. */
  failNextStart(error: EngineError): void {
    this.#startFailures.push(error);
  }

  /** Makes the next rename fail. Two calls make the next two renames fail. */
  failNextRename(error: EngineError): void {
    this.#renameFailures.push(error);
  }

  /** Blocks starts. @returns unblocks them */
  holdStarts(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#hold = promise;
    return () => {
      this.#hold = undefined;
      resolve();
    };
  }

  /** Makes the engine unreachable. */
  goAway(): void {
    this.#away = new EngineError("away", "the in-memory engine is set to be unreachable");
    this.#watchers.report({ type: "away", error: this.#away });
  }

  /** Makes the engine reachable again. */
  comeBack(): void {
    this.#away = undefined;
    this.#watchers.report({ type: "back" });
  }

  /** The running instance of the name that another balancer started. */
  #unknown({ name, known }: Launch): Instance | undefined {
    if (!known) return undefined;
    const running = [...this.#instances.values()];
    return running.find((one) => one.name === name && !known.includes(one.id));
  }

  #running(id: string): Instance {
    const instance = this.#instances.get(id);
    if (!instance) throw new EngineError("failed", `${id} does not run`);
    return instance;
  }

  #end({ id, name, spare }: Instance, reason: string): void {
    this.#instances.delete(id);
    this.#remains.set(id, { id, name, spare });
    this.#endings.set(id, reason);
    // As with a real engine, exits are not reported while the engine is unreachable.
    if (!this.#away) this.#watchers.report({ type: "exit", name, id, reason });
  }

  #pinned(template: Template): Template {
    const { image = "", imageId = this.images.get(image) } = template;
    return imageId === undefined ? template : { ...template, imageId };
  }

  #throwIfAway(): void {
    if (this.#away) throw this.#away;
  }
}

function throwNext(failures: EngineError[]): void {
  const failure = failures.shift();
  if (failure) throw failure;
}
