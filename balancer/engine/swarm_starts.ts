/**
 * Starts services, and waits until Swarm has placed and started their tasks.
 *
 * @module
 */
import { errorMessage, type FailureLog } from "../failures.ts";
import { pause } from "./deadline.ts";
import type { DockerImages } from "./docker_images.ts";
import { FLEET_LABEL } from "./docker_names.ts";
import type { DockerNetwork } from "./docker_network.ts";
import { EngineError, type Instance, type Launch } from "./engine.ts";
import { readReference } from "./image_reference.ts";
import { readCredentials } from "./registry_credentials.ts";
import { StartsInProgress } from "./starts_in_progress.ts";
import type { SwarmApi } from "./swarm_api.ts";
import { isNameTaken } from "./swarm_errors.ts";
import { labelsOf, nextGeneration, serviceIdentity } from "./swarm_names.ts";
import type { SwarmSnapshot } from "./swarm_objects.ts";
import { avoidable, endOf, type Placed, placedServices, serviceInstance } from "./swarm_reading.ts";
import { type ServiceLaunch, type ServiceOptions, serviceSpec } from "./swarm_spec.ts";

/** Dependencies of {@linkcode SwarmStarts}. */
interface StartsOptions {
  readonly api: SwarmApi;
  readonly read: () => Promise<SwarmSnapshot>;
  readonly network: DockerNetwork;
  readonly images: DockerImages;
  readonly services: ServiceOptions;
  readonly failures: FailureLog;
  /** The Docker client's configuration file; empty for none. */
  readonly dockerConfig: string;
  /** Longest time for a task to come up, in milliseconds, including a pull on its machine. */
  readonly startMs: number;
}

/** Delay between two looks at a task that is starting, in milliseconds. */
const LOOK_MS = 25;

/** Of this many looks one reads services and machines, too. */
const WHOLE_LOOKS = 10;

/** Longest wait for a machine that takes the task, in milliseconds. */
const PLACE_MS = 5000;

/** Number of attempts to get a generation that no other client takes. */
const GENERATIONS = 50;

/** Starts services, and knows the starts in progress. */
export class SwarmStarts {
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
   * Starts a service.
   *
   * @param launch the instance to start
   * @throws {EngineError} the start failed; nothing of it is left
   */
  start(launch: Launch): Promise<Instance> {
    return this.#inProgress.during(launch.name, async () => {
      const template = await this.#options.images.pinned(launch.template);
      return await this.#start({ ...launch, template, generation: 1 });
    });
  }

  async #start(launch: ServiceLaunch): Promise<Instance> {
    const { id, own } = await this.#create(launch);
    try {
      return await this.#running(id, launch.name);
    } catch (error) {
      // A start of another balancer is that balancer's to remove.
      if (own) await this.#discard(id);
      throw error;
    }
  }

  /** Creates the service, or finds the one that another balancer created under the name. */
  async #create(launch: ServiceLaunch): Promise<{ readonly id: string; readonly own: boolean }> {
    const { api, services, read } = this.#options;
    let taken = 0;
    for (let tries = 1;; tries++) {
      const snapshot = await read();
      const other = startedElsewhere(snapshot, launch);
      if (other !== undefined) return { id: other, own: false };
      const generation = Math.max(nextGeneration(snapshot.services, launch.name), taken + 1);
      const avoid = avoidable(snapshot.nodes, launch.avoid ?? []);
      const spec = specOf(services, { ...launch, generation, avoid });
      try {
        const credentials = await this.#credentials(launch);
        const create = () => api.create(spec, credentials);
        return { id: await this.#options.network.with(create), own: true };
      } catch (error) {
        // Another client has just taken this generation: a balancer, or a service of another owner.
        if (!isNameTaken(error) || tries === GENERATIONS) throw error;
        taken = generation;
      }
    }
  }

  async #credentials({ template: { image } }: ServiceLaunch) {
    const { registry } = readReference(image);
    try {
      return await readCredentials(this.#options.dockerConfig, registry);
    } catch (error) {
      throw new EngineError("failed", errorMessage(error), { cause: error });
    }
  }

  /** Waits until the task runs. */
  async #running(id: string, name: string): Promise<Instance> {
    const { api, services, read, startMs } = this.#options;
    const start = performance.now();
    const label = `${FLEET_LABEL}=${services.fleet}`;
    let snapshot = await read();
    for (let looks = 1;; looks++) {
      const placed = placedServices(snapshot).find(({ service }) => service.ID === id);
      if (!placed) throw new EngineError("failed", `swarm: ${name} was removed by another client`);
      const instance = serviceInstance(services, placed);
      if (instance) return instance;
      const waited = performance.now() - start;
      const fault = startFault(name, placed, waited, startMs);
      if (fault) throw fault;
      await pause(LOOK_MS);
      // The container's start needs the CPU: most looks are one call.
      const whole = looks % WHOLE_LOOKS === 0;
      snapshot = whole ? await read() : { ...snapshot, tasks: await api.tasks(label) };
    }
  }

  /** Removes a service whose start failed. The caller gets the error of the start. */
  async #discard(id: string): Promise<void> {
    try {
      await this.#options.api.remove(id);
    } catch (error) {
      this.#options.failures.record("swarm.discard", error);
    }
  }
}

function specOf(options: ServiceOptions, launch: ServiceLaunch) {
  try {
    return serviceSpec(options, launch);
  } catch (error) {
    throw new EngineError("command-missing", errorMessage(error), { cause: error });
  }
}

/**
 * Returns the service that another balancer started under the name, running or starting; undefined
 * if there is none, or one balancer alone may start services.
 */
function startedElsewhere(snapshot: SwarmSnapshot, { name, known }: Launch): string | undefined {
  if (!known) return undefined;
  const other = placedServices(snapshot).find((placed) =>
    serviceIdentity(placed.service).name === name && endOf(placed) === undefined &&
    labelsOf(placed.service)[FLEET_LABEL] !== undefined && !known.includes(placed.service.ID)
  );
  return other?.service.ID;
}

/** Returns why a task will not run; undefined while it still may. */
function startFault(
  name: string,
  placed: Placed,
  waitedMs: number,
  startMs: number,
): EngineError | undefined {
  const end = endOf(placed);
  const { State, Err } = placed.task?.Status ?? { State: "new", Err: "" };
  if (end !== undefined) {
    const why = Err || end;
    return new EngineError(kindOf(why), `swarm: the task of ${name} ended at once: ${why}`);
  }
  // It would be placed as soon as a machine can take it.
  const unplaced = /no suitable node/i.test(Err ?? "") && waitedMs > PLACE_MS;
  if (unplaced || waitedMs > startMs) {
    const why = Err ? `: ${Err}` : "";
    const ms = Math.round(waitedMs);
    return new EngineError("failed", `swarm: ${name} is ${State} after ${ms} ms${why}`);
  }
  return undefined;
}

function kindOf(reason: string) {
  if (/no such image|pull access denied|manifest unknown/i.test(reason)) return "image-missing";
  return /executable file not found|exec: .*(no such file|permission denied)/.test(reason)
    ? "command-missing"
    : "failed";
}
