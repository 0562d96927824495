/**
 * Shared values in a Docker Swarm: each value is a config whose labels hold it. The swarm's log
 * (Raft) orders all writes, and the version of a config is the epoch of its value.
 *
 * Reads are not enough to know that the swarm works: a leader that has lost the other managers
 * still answers them. Only a save that succeeds proves it.
 *
 * @module
 */
import type { FailureLog } from "../failures.ts";
import {
  ABSENT,
  type SharedStore,
  type SharedStores,
  type StoredValue,
  type SwapResult,
} from "./shared_store.ts";
import { SwarmWatch } from "./swarm_watch.ts";

/** A config of the swarm. */
export interface SwarmConfig {
  readonly id: string;
  readonly name: string;
  /** Grows with every change of the config, also if it is removed and created again. */
  readonly version: number;
  readonly labels: Readonly<Record<string, string>>;
}

/** Calls to a manager about configs. Each ends within a deadline. */
export interface ConfigsApi {
  /** Returns a config by its id or name; undefined if there is none. */
  find(nameOrId: string): Promise<SwarmConfig | undefined>;
  /** Returns the configs with a label, `key=value`. */
  list(label: string): Promise<readonly SwarmConfig[]>;
  /** Creates a config. @returns false if the name exists */
  create(name: string, labels: SwarmConfig["labels"]): Promise<boolean>;
  /**
   * Replaces the labels.
   *
   * @returns false if the config has another version by now, or does not exist
   */
  update(
    config: Pick<SwarmConfig, "id" | "name">,
    version: number,
    labels: SwarmConfig["labels"],
  ): Promise<boolean>;
  /** Removes a config; one that does not exist counts as removed. */
  remove(id: string): Promise<void>;
  /** Yields the names of configs that any manager changed, until the signal fires. */
  changes(signal: AbortSignal): AsyncIterable<string>;
}

/** The swarm cannot be used as the store. */
export class SwarmStoreError extends Error {
  override readonly name = "SwarmStoreError";
}

const FLEET = "ringkeeper.store.fleet";
const NAME = "ringkeeper.store.name";
const VALUE = "ringkeeper.store.value";
/** Id of the save, and those of the saves before it with their epochs. */
const SAVES = "ringkeeper.store.saves";

/** Earlier saves that a config names. */
const KEPT_SAVES = 16;

/** The longest name of a config. */
const MAX_NAME = 64;

/** A save, by its id. */
interface Save {
  readonly id: string;
  /** Epoch of the value that it wrote. */
  readonly epoch: number;
}

/** The saves that led to a version of a config. */
interface Saves {
  /** The save that wrote this version. */
  readonly id: string;
  /** The saves before it, the latest first. */
  readonly before: readonly Save[];
}

/** A version of a config, as this client has seen it. */
interface SeenVersion {
  readonly config: Pick<SwarmConfig, "id" | "name">;
  readonly epoch: number;
  readonly saves: Saves;
}

/** Dependencies of {@linkcode SwarmStores}. */
interface SwarmStoresOptions {
  readonly api: ConfigsApi;
  /** Name of the fleet. */
  readonly fleet: string;
  /** Interval in which all values are looked at, in milliseconds, beside the swarm's events. */
  readonly pollMs: number;
  readonly failures: FailureLog;
}

/** Values in the configs of a swarm. */
export class SwarmStores implements SharedStores {
  readonly #options: SwarmStoresOptions;
  readonly #prefix: string;
  readonly #watch: SwarmWatch;
  /** The last version of each value that this client has seen. */
  readonly #seen = new Map<string, SeenVersion>();

  /**
   * @param options its dependencies
   * @param prefix start of the configs' names
   */
  private constructor(options: SwarmStoresOptions, prefix: string) {
    const { api, pollMs, failures } = options;
    this.#options = options;
    this.#prefix = prefix;
    this.#watch = new SwarmWatch({
      scan: () => this.#versions(),
      changes: (signal) => api.changes(signal),
      nameOf: (config) => config.startsWith(prefix) ? config.slice(prefix.length) : undefined,
      ...{ pollMs, failures },
    });
  }

  /**
   * Opens the store.
   *
   * @param options its dependencies
   * @throws {Error} the Docker Engine is no manager of a swarm, or the swarm has no leader
   */
  static async open(options: SwarmStoresOptions): Promise<SwarmStores> {
    const stores = new SwarmStores(options, await prefixOf(options.fleet));
    await stores.names();
    return stores;
  }

  open(name: string): SharedStore {
    return {
      load: () => this.#load(name),
      save: (value, epoch) => this.#save(name, value, epoch),
      watch: (onChange) => this.watchAll((changed) => changed === name && onChange()),
    };
  }

  async names(): Promise<readonly string[]> {
    return [...(await this.#versions()).keys()];
  }

  async remove(name: string): Promise<void> {
    const config = await this.#find(name);
    this.#seen.delete(name);
    if (config) await this.#options.api.remove(config.id);
  }

  watchAll(onChange: (name: string) => void): () => void {
    return this.#watch.add(onChange);
  }

  close(): void {
    this.#watch.close();
  }

  async #load(name: string): Promise<StoredValue | undefined> {
    const config = await this.#find(name);
    return config && { value: config.labels[VALUE] ?? "", epoch: config.version };
  }

  async #save(name: string, value: string, epoch: number): Promise<SwapResult> {
    const id = crypto.randomUUID();
    const { api } = this.#options;
    if (epoch === ABSENT) {
      const labels = this.#labels(name, value, { id, before: [] });
      if (!await api.create(this.#prefix + name, labels)) return { done: false };
    } else {
      const base = await this.#version(name, epoch);
      if (!base) return { done: false };
      const before = [{ id: base.saves.id, epoch }, ...base.saves.before].slice(0, KEPT_SAVES);
      const labels = this.#labels(name, value, { id, before });
      if (!await api.update(base.config, epoch, labels)) return { done: false };
    }
    return { done: true, epoch: await this.#epochOf(name, id) };
  }

  /** The Engine does not answer the version that it has given. Others may have saved since. */
  async #epochOf(name: string, id: string): Promise<number> {
    const config = await this.#find(name);
    const saves = config && savesOf(config);
    if (config && saves?.id === id) return config.version;
    const found = saves?.before.find((save) => save.id === id);
    if (found) return found.epoch;
    throw new SwarmStoreError(`${name} was saved, and replaced or removed before it was read`);
  }

  /** @returns the version with this epoch; undefined if it is not the present one */
  async #version(name: string, epoch: number): Promise<SeenVersion | undefined> {
    if (this.#seen.get(name)?.epoch !== epoch) await this.#find(name);
    const seen = this.#seen.get(name);
    return seen?.epoch === epoch ? seen : undefined;
  }

  async #find(name: string): Promise<SwarmConfig | undefined> {
    const config = await this.#options.api.find(this.#prefix + name);
    if (!config) {
      this.#seen.delete(name);
      return undefined;
    }
    if (config.labels[FLEET] !== this.#options.fleet || config.labels[NAME] !== name) {
      throw new SwarmStoreError(
        `LB_STORE: the config ${config.name} is not of the fleet ${this.#options.fleet}; remove ` +
          "it, or choose another LB_FLEET",
      );
    }
    const { id, version: epoch } = config;
    this.#seen.set(name, { config: { id, name: config.name }, epoch, saves: savesOf(config) });
    return config;
  }

  async #versions(): Promise<Map<string, number>> {
    const configs = await this.#options.api.list(`${FLEET}=${this.#options.fleet}`);
    return new Map(
      configs.flatMap(({ labels, version }) => {
        const name = labels[NAME];
        return name === undefined ? [] : [[name, version] as const];
      }),
    );
  }

  #labels(name: string, value: string, { id, before }: Saves): Record<string, string> {
    const saves = [id, ...before.map((save) => `${save.id}:${save.epoch}`)].join(",");
    return { [FLEET]: this.#options.fleet, [NAME]: name, [VALUE]: value, [SAVES]: saves };
  }
}

function savesOf({ labels }: SwarmConfig): Saves {
  const [id = "", ...before] = (labels[SAVES] ?? "").split(",");
  return {
    id,
    before: before.map((save) => {
      const [id = "", epoch = "0"] = save.split(":");
      return { id, epoch: Number(epoch) };
    }),
  };
}

/** Names of configs are shorter than those of fleets may be, so a long one gives its hash. */
async function prefixOf(fleet: string): Promise<string> {
  const room = MAX_NAME - "ringkeeper.".length - ".balancer-12345678".length;
  if (fleet.length <= room) return `ringkeeper.${fleet}.`;
  const bytes = new TextEncoder().encode(fleet);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return `ringkeeper.${fleet.slice(0, room - 9)}-${digest.toHex().slice(0, 8)}.`;
}
