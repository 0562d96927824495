/**
 * Starts containers in as few calls as possible: create, start, and one inspection for the address,
 * which the Engine assigns at the start.
 *
 * @module
 */
import { errorMessage, type FailureLog } from "../failures.ts";
import {
  type ContainerInfo,
  type ContainerOptions,
  containerSpec,
  extraNetworks,
  instanceOf,
  notRunning,
} from "./docker_container.ts";
import { imageLacking } from "./docker_errors.ts";
import type { DockerImages, PinnedTemplate } from "./docker_images.ts";
import { type DockerNames, StartedElsewhereError } from "./docker_names.ts";
import type { DockerNetwork } from "./docker_network.ts";
import { EngineError, type Instance, type Launch } from "./engine.ts";
import { StartsInProgress } from "./starts_in_progress.ts";

/** Parameters of `POST /containers/create`. */
export type ContainerSpec = ReturnType<typeof containerSpec>;

/** The calls to the Engine that this module needs. */
interface StartsApi {
  /** Creates a container. @returns its id */
  create(spec: ContainerSpec): Promise<string>;
  /** Connects a container that does not run yet to one more network. */
  connect(id: string, network: string): Promise<void>;
  start(id: string): Promise<void>;
  inspect(id: string): Promise<ContainerInfo | undefined>;
  remove(id: string): Promise<void>;
}

/** Dependencies of {@linkcode DockerStarts}. */
interface StartsOptions {
  readonly api: StartsApi;
  readonly names: DockerNames;
  readonly network: DockerNetwork;
  readonly images: DockerImages;
  readonly containers: ContainerOptions;
  readonly failures: FailureLog;
}

/** A launch whose image id is known. */
type PinnedLaunch = Launch & { readonly template: PinnedTemplate };

/** Starts containers, and knows the starts in progress. */
export class DockerStarts {
  readonly #options: StartsOptions;
  readonly #inProgress = new StartsInProgress();

  constructor(options: StartsOptions) {
    this.#options = options;
  }

  /** Names of the starts in progress. */
  get names(): readonly string[] {
    return this.#inProgress.names;
  }

  /**
   * Starts a container.
   *
   * @param launch the instance to start
   * @throws {EngineError} the start failed; nothing of it is left
   */
  start(launch: Launch): Promise<Instance> {
    return this.#inProgress.during(launch.name, async () => {
      try {
        // Report an invalid command line before anything is pulled.
        this.#specOf(launch);
        const template = await this.#options.images.pinned(launch.template);
        return await this.#start({ ...launch, template });
      } catch (error) {
        if (!(error instanceof StartedElsewhereError)) throw error;
        return await this.#found(error.id, launch.name);
      }
    });
  }

  #specOf(launch: Launch): ContainerSpec {
    try {
      return containerSpec(this.#options.containers, launch);
    } catch (error) {
      throw new EngineError("command-missing", errorMessage(error), { cause: error });
    }
  }

  async #start(launch: PinnedLaunch): Promise<Instance> {
    const { api, containers } = this.#options;
    const id = await this.#create(launch);
    try {
      for (const name of extraNetworks(containers, launch)) await api.connect(id, name);
      return await this.#run(id, launch.name);
    } catch (error) {
      await this.#discard(id);
      throw error;
    }
  }

  #create(launch: PinnedLaunch): Promise<string> {
    const { names, network, api } = this.#options;
    const spec = this.#specOf(launch);
    const { known } = launch;
    const create = () => names.claim(spec.name, (name) => api.create({ ...spec, name }), known);
    return network.with(() => this.#withImage(launch, create));
  }

  /** Retries once after pulling the image again: it may have been removed since it was pinned. */
  async #withImage<T>({ template }: PinnedLaunch, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      if (!imageLacking(error)) throw error;
      await this.#options.images.restore(template, error);
      return await call();
    }
  }

  async #run(id: string, name: string): Promise<Instance> {
    const { api, network } = this.#options;
    await network.with(() => api.start(id));
    return await this.#found(id, name);
  }

  async #found(id: string, name: string): Promise<Instance> {
    const { api, containers } = this.#options;
    const container = await api.inspect(id);
    const instance = container && instanceOf(containers, container);
    if (!instance) throw notRunning(name, container);
    return instance;
  }

  /** Removes a container whose start failed. The caller gets the error of the start. */
  async #discard(id: string): Promise<void> {
    try {
      await this.#options.api.remove(id);
    } catch (error) {
      this.#options.failures.record("docker.discard", error);
    }
  }
}
