/**
 * The bridge network that a fleet's containers join (Docker Engine API v1.40, `/networks`).
 *
 * @module
 */
import { FLEET_LABEL } from "./docker_container.ts";
import { statusOf } from "./docker_errors.ts";

/** What is asked of the Engine here. */
export interface NetworkApi {
  createNetwork(options: {
    Name: string;
    Driver: string;
    CheckDuplicate: boolean;
    Labels: Record<string, string>;
  }): Promise<unknown>;
  getNetwork(name: string): {
    inspect(): Promise<NetworkInfo>;
    remove(): Promise<unknown>;
  };
}

/** What matters of a network. */
interface NetworkInfo {
  readonly Labels?: Readonly<Record<string, string>> | undefined;
  readonly Containers?: Readonly<Record<string, unknown>> | undefined;
}

/** Makes the network when it is missing, and takes away only what it made. */
export class DockerNetwork {
  readonly #api: NetworkApi;
  readonly #name: string;
  readonly #fleet: string;
  #ensuring: Promise<void> | undefined;

  /**
   * @param api the Engine
   * @param name the network's name
   * @param fleet the label's value on a network that is made here
   */
  constructor(api: NetworkApi, name: string, fleet: string) {
    this.#api = api;
    this.#name = name;
    this.#fleet = fleet;
  }

  /**
   * Makes the network unless there is one of that name, whoever made it. Asked anew each time, for
   * a network without containers may be pruned; calls at the same time share one answer.
   */
  ensure(): Promise<void> {
    this.#ensuring ??= this.#ensure().finally(() => this.#ensuring = undefined);
    return this.#ensuring;
  }

  /** Removes the network if this fleet made it and no container is attached. */
  async remove(): Promise<void> {
    const found = await this.#inspect();
    if (found?.Labels?.[FLEET_LABEL] !== this.#fleet) return;
    if (Object.keys(found.Containers ?? {}).length > 0) return;
    await unless([403, 404], this.#api.getNetwork(this.#name).remove());
  }

  async #ensure(): Promise<void> {
    if (await this.#inspect()) return;
    const Labels = { [FLEET_LABEL]: this.#fleet };
    const spec = { Name: this.#name, Driver: "bridge", CheckDuplicate: true, Labels };
    // 409: another balancer was faster.
    await unless([409], this.#api.createNetwork(spec));
  }

  #inspect(): Promise<NetworkInfo | undefined> {
    return unless([404], this.#api.getNetwork(this.#name).inspect());
  }
}

/**
 * Takes some answers of the Engine for good ones.
 *
 * @param statuses HTTP statuses that are fine
 * @param call what may fail with one of them
 * @returns what the call returns; undefined when it failed with one of them
 */
export async function unless<T>(
  statuses: readonly number[],
  call: Promise<T>,
): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (statuses.includes(statusOf(error) ?? 0)) return undefined;
    throw error;
  }
}
