/**
 * From a launch to a running container in as few calls as there can be: create, start, and one look
 * at it for its address, which the Engine gives only then.
 *
 * @module
 */
import { errorMessage, type FailureLog } from "../failures.ts";
import {
  type ContainerInfo,
  type ContainerOptions,
  containerSpec,
  instanceOf,
  notRunning,
} from "./docker_container.ts";
import { imageMissing, networkMissing, statusOf } from "./docker_errors.ts";
import type { DockerNames } from "./docker_names.ts";
import type { DockerNetwork } from "./docker_network.ts";
import { EngineError, type Instance, type Launch } from "./engine.ts";

/** What a container is created from. */
export type ContainerSpec = ReturnType<typeof containerSpec>;

/** What is asked of the Engine here. */
export interface StartsApi {
  /** @returns its id */
  create(spec: ContainerSpec): Promise<string>;
  start(id: string): Promise<void>;
  inspect(id: string): Promise<ContainerInfo | undefined>;
  remove(id: string): Promise<void>;
}

/** What the starts share. */
export interface StartsOptions {
  readonly api: StartsApi;
  readonly names: DockerNames;
  readonly network: DockerNetwork;
  readonly containers: ContainerOptions;
  readonly failures: FailureLog;
}

/** Starts containers and knows what is being started. */
export class DockerStarts {
  readonly #options: StartsOptions;
  readonly #underWay = new Set<{ readonly name: string }>();

  constructor(options: StartsOptions) {
    this.#options = options;
  }

  /** The names under which something is being started now. */
  get names(): readonly string[] {
    return [...this.#underWay].map(({ name }) => name);
  }

  /**
   * Starts a container.
   *
   * @param launch what to start
   * @throws {EngineError} nothing is left of it
   */
  async start(launch: Launch): Promise<Instance> {
    const start = { name: launch.name };
    this.#underWay.add(start);
    try {
      return await this.#start(launch.name, this.#specOf(launch));
    } finally {
      this.#underWay.delete(start);
    }
  }

  #specOf(launch: Launch): ContainerSpec {
    try {
      return containerSpec(this.#options.containers, launch);
    } catch (error) {
      throw new EngineError("command-missing", errorMessage(error), { cause: error });
    }
  }

  async #start(name: string, spec: ContainerSpec): Promise<Instance> {
    const id = await this.#create(spec);
    try {
      return await this.#run(id, name);
    } catch (error) {
      await this.#discard(id);
      throw error;
    }
  }

  #create(spec: ContainerSpec): Promise<string> {
    const { names, network } = this.#options;
    return network.with(() => names.claim(spec.name, () => this.#createOnce(spec)));
  }

  async #createOnce(spec: ContainerSpec): Promise<string> {
    try {
      return await this.#options.api.create(spec);
    } catch (error) {
      if (statusOf(error) !== 404 || networkMissing(error)) throw error;
      throw imageMissing(spec.Image, error);
    }
  }

  async #run(id: string, name: string): Promise<Instance> {
    const { api, network, containers } = this.#options;
    await network.with(() => api.start(id));
    const container = await api.inspect(id);
    const instance = container && instanceOf(containers, container);
    if (!instance) throw notRunning(name, container);
    return instance;
  }

  /** Removes what could not be started; the failure to start is what its caller hears of. */
  async #discard(id: string): Promise<void> {
    try {
      await this.#options.api.remove(id);
    } catch (error) {
      this.#options.failures.record("docker.discard", error);
    }
  }
}
