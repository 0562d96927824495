/**
 * An engine whose instances are entries in a map, for tests of whatever uses an engine.
 *
 * @module
 */
import type { Address } from "../view.ts";
import type { Engine, EngineEvent, Instance, Watch } from "./engine.ts";
import { EngineError } from "./engine.ts";
import { Watchers } from "./watchers.ts";

/** Starts nothing, remembers everything, and fails when told to. */
export class MemoryEngine implements Engine {
  readonly kind = "memory";
  readonly ownsInstances = true;
  /** What was asked of it, oldest first: `start Server1`, `stop Server1#1 500`. */
  readonly calls: string[] = [];
  readonly #addressOf: (name: string) => Address;
  readonly #instances = new Map<string, Instance>();
  readonly #watchers = new Watchers();
  readonly #failures: EngineError[] = [];
  #hold: Promise<void> | undefined;
  #away: EngineError | undefined;
  #started = 0;

  /** @param addressOf where the instance of a name pretends to listen */
  constructor(addressOf: (name: string) => Address = () => ({ hostname: "127.0.0.1", port: 1 })) {
    this.#addressOf = addressOf;
  }

  async start(name: string): Promise<Instance> {
    this.calls.push(`start ${name}`);
    await this.#hold;
    this.#throwIfAway();
    const failure = this.#failures.shift();
    if (failure) throw failure;
    this.kill(name, "replaced");
    const id = `${name}#${++this.#started}`;
    const instance = { id, name, address: this.#addressOf(name), startedAt: Date.now() };
    this.#instances.set(id, instance);
    return instance;
  }

  stop(id: string, graceMs: number): Promise<void> {
    return Promise.try(() => {
      this.calls.push(`stop ${id} ${graceMs}`);
      this.#throwIfAway();
      this.#end(id, "stopped");
    });
  }

  list(): Promise<readonly Instance[]> {
    return Promise.try(() => {
      this.#throwIfAway();
      return [...this.#instances.values()];
    });
  }

  watch(listener: (event: EngineEvent) => void): Promise<Watch> {
    return Promise.resolve(this.#watchers.add(listener));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Ends the instance of a name from outside, if there is one. */
  kill(name: string, reason = "killed"): void {
    for (const { id, name: other } of this.#instances.values()) {
      if (other === name) this.#end(id, reason);
    }
  }

  /** Ends an instance without a word: an exit that nobody reports. */
  lose(id: string): void {
    this.#instances.delete(id);
  }

  /** Makes the next start that is let through fail. Called twice: the next two. */
  failNextStart(error: EngineError): void {
    this.#failures.push(error);
  }

  /** Keeps starts waiting. @returns lets them go */
  holdStarts(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#hold = promise;
    return () => {
      this.#hold = undefined;
      resolve();
    };
  }

  /** Cannot be reached from now on. */
  goAway(): void {
    this.#away = new EngineError("away", "the engine in memory was told to be away");
    this.#watchers.report({ type: "away", error: this.#away });
  }

  /** Can be reached again. */
  comeBack(): void {
    this.#away = undefined;
    this.#watchers.report({ type: "back" });
  }

  #end(id: string, reason: string): void {
    const instance = this.#instances.get(id);
    if (!instance) return;
    this.#instances.delete(id);
    // Nobody hears of it while the engine is away, as with a real one.
    if (!this.#away) this.#watchers.report({ type: "exit", name: instance.name, id, reason });
  }

  #throwIfAway(): void {
    if (this.#away) throw this.#away;
  }
}
