/**
 * An engine whose instances are one-shot services of a Docker Swarm, on all of its machines. A label
 * distinguishes the fleet's services from all others. Swarm places each task once; it never starts
 * one again, because the balancer heals.
 *
 * @module
 */
import type { FailureLog } from "../failures.ts";
import { DockerApi } from "./docker_api.ts";
import type { DockerConnection } from "./docker_connection.ts";
import { DockerImages, imagesOf, type ImagesOptions } from "./docker_images.ts";
import { lastLines } from "./docker_logs.ts";
import { FLEET_LABEL } from "./docker_names.ts";
import { DockerNetwork } from "./docker_network.ts";
import {
  type Availability,
  type Engine,
  EngineError,
  type EngineEvent,
  type Instance,
  type Launch,
  type Machine,
  OUTPUT_TAIL_LINES,
  type Remains,
  type Template,
  type Watch,
} from "./engine.ts";
import type { OwnerApi } from "./fleet_marks.ts";
import { SwarmApi } from "./swarm_api.ts";
import { isNotManager } from "./swarm_errors.ts";
import { swarmMarks } from "./swarm_marks.ts";
import { labelsOf, renamedLabels, serviceIdentity, TASK_LABEL } from "./swarm_names.ts";
import type { SwarmSnapshot } from "./swarm_objects.ts";
import {
  isRunning,
  machineOf,
  type Placed,
  placedServices,
  serviceInstance,
  serviceRemains,
} from "./swarm_reading.ts";
import { type ServiceOptions, serviceSpec } from "./swarm_spec.ts";
import { SwarmStarts } from "./swarm_starts.ts";
import { SwarmTasks } from "./swarm_tasks.ts";
import { SwarmWatch } from "./swarm_watch.ts";

/** Options of a {@linkcode SwarmEngine}. */
export interface SwarmEngineOptions extends ServiceOptions, ImagesOptions {
  /** Address of a manager. */
  readonly connection: DockerConnection;
  readonly failures: FailureLog;
  /** Called with a line for each step of a slow operation. */
  readonly onProgress: (line: string) => void;
  /** Delay between two polls of the tasks, in milliseconds. */
  readonly pollMs: number;
  /** Longest wait for one response of the manager, in milliseconds; 2 s by default. */
  readonly deadlineMs?: number;
}

/** A manager without a majority does not answer at all; its calls must not hold up the rest. */
const DEADLINE_MS = 2000;

/** Longest wait for the machine's own Engine, which does not depend on the others, in milliseconds. */
const LOCAL_DEADLINE_MS = 30_000;

/** Longest time for a task to come up, beyond a pull, in milliseconds. */
const START_MS = 60_000;

/** Runs each replica as a service of one task. */
export class SwarmEngine implements Engine {
  readonly kind = "swarm";
  readonly ownsInstances = true;
  readonly #options: SwarmEngineOptions;
  readonly #api: SwarmApi;
  /** The containers and images of the manager's own machine. */
  readonly #local: DockerApi;
  readonly #network: DockerNetwork;
  readonly #images: DockerImages;
  readonly #starts: SwarmStarts;
  readonly #tasks: SwarmTasks;
  readonly #watch: SwarmWatch;

  /** @throws {Error} the command line is invalid; the message is for its author */
  constructor(options: SwarmEngineOptions) {
    this.#options = options;
    const { connection, network: networkName, fleet, failures, deadlineMs = DEADLINE_MS } = options;
    const api = this.#api = new SwarmApi(connection, deadlineMs);
    const local = this.#local = new DockerApi(connection, LOCAL_DEADLINE_MS);
    this.#network = new DockerNetwork(
      api.networks,
      (action, call) => api.ask(action, call),
      networkName,
      fleet,
      { Driver: "overlay", Attachable: true },
    );
    this.#images = new DockerImages(imagesOf(local), options, options.onProgress);
    const read = () => this.#read();
    this.#starts = new SwarmStarts({
      ...{ api, read, network: this.#network, images: this.#images, services: options, failures },
      dockerConfig: options.dockerConfig,
      startMs: START_MS + (options.pull === "never" ? 0 : options.pullTimeoutMs),
    });
    this.#tasks = new SwarmTasks({ api, local, read, stopGraceMs: options.stopGraceMs });
    this.#watch = new SwarmWatch({
      ...{ read, failures, deadlineMs, pollMs: options.pollMs },
      openEvents: (signal) => local.events(`${TASK_LABEL}=${fleet}`, signal),
    });
    checkCommand(options);
  }

  async pin(template: Template, onProgress?: (line: string) => void): Promise<Template> {
    return await this.#images.pin(template, onProgress);
  }

  start(launch: Launch): Promise<Instance> {
    return this.#starts.start(launch);
  }

  /** Changes a label; the task goes on. */
  async rename(id: string, name: string): Promise<void> {
    await this.#api.update(id, (spec, service) => {
      if (labelsOf(service)[FLEET_LABEL] !== this.#options.fleet) throw this.#foreign(id);
      const { name: present, spare } = serviceIdentity(service);
      if (present === name && !spare) return undefined;
      return { ...spec, Labels: renamedLabels(labelsOf(service), name) };
    });
  }

  /**
   * Kills the container through the Engine of its own machine if that is the one that is asked. On
   * another machine Swarm ends the task: SIGTERM after three seconds, and SIGKILL after its grace.
   */
  async kill(id: string): Promise<void> {
    const placed = await this.#tasks.find(id);
    if (!placed) throw this.#foreign(id);
    const container = await this.#tasks.localContainer(placed);
    if (container !== undefined) return await this.#local.kill(container);
    await this.#api.update(id, (spec) => ({ ...spec, Mode: { Replicated: { Replicas: 0 } } }));
  }

  async readOutputTail(id: string): Promise<readonly string[]> {
    const placed = await this.#tasks.find(id);
    if (!placed) return [];
    const container = await this.#tasks.localContainer(placed);
    const log = container === undefined
      ? await this.#api.logs(id, OUTPUT_TAIL_LINES)
      : await this.#local.logs(container, OUTPUT_TAIL_LINES);
    return log ? lastLines(log) : [];
  }

  ending(id: string, withinMs: number): Promise<string | undefined> {
    return this.#tasks.ending(id, withinMs);
  }

  /**
   * Stops the container at once if it is on the machine that is asked. Swarm itself sends SIGTERM
   * three seconds after the removal of a service.
   */
  async stop(id: string, graceMs: number, onStopped?: () => void): Promise<void> {
    const placed = await this.#tasks.find(id);
    const container = placed && isRunning(placed) && await this.#tasks.localContainer(placed);
    if (container) await this.#tasks.end(container, graceMs);
    if (placed) await this.#api.remove(id);
    if (!container) await this.#tasks.gone(id, graceMs);
    onStopped?.();
  }

  async list(): Promise<readonly Instance[]> {
    const learning = () => this.#network.learn();
    await this.#api.ask(`inspect the network ${this.#options.network}`, learning);
    return this.#placed(await this.#read())
      .map((placed) => serviceInstance(this.#options, placed))
      .filter((instance) => instance !== undefined)
      .sort((a, b) => a.startedAt - b.startedAt);
  }

  /** Excludes services that this balancer is starting. */
  async remains(): Promise<readonly Remains[]> {
    const starting = new Set(this.#starts.names);
    const snapshot = await this.#read();
    for (const name of this.#starts.names) starting.add(name);
    const running = new Set(this.#placed(snapshot).filter(isRunning));
    return placedServices(snapshot)
      .filter((placed) => ![...running].some(({ service }) => service.ID === placed.service.ID))
      .map(serviceRemains)
      .filter(({ name }) => !starting.has(name));
  }

  watch(listener: (event: EngineEvent) => void): Promise<Watch> {
    return this.#watch.add(listener);
  }

  close(): Promise<void> {
    this.#watch.close();
    return Promise.resolve();
  }

  async machines(): Promise<readonly Machine[]> {
    return (await this.#api.nodes()).map(machineOf);
  }

  async setAvailability(machine: string, availability: Availability): Promise<void> {
    const nodes = await this.#api.nodes();
    const node = nodes.find(({ Description }) => Description.Hostname === machine);
    if (!node) throw new EngineError("failed", `swarm: there is no machine ${machine}`);
    await this.#api.setAvailability(node.ID, availability);
  }

  /** Address ranges of the replicas' network; undefined before the manager was asked. */
  get networks(): readonly string[] | undefined {
    return this.#network.subnets;
  }

  /**
   * Removes the network if this fleet created it and nothing is attached. Call it last.
   *
   * @throws {EngineError} the removal failed
   */
  removeNetwork(): Promise<void> {
    return this.#api.ask("remove the network", () => this.#network.remove());
  }

  /**
   * Checks that a manager is asked. A manager that does not answer is no error.
   *
   * @throws {EngineError} the machine is not a manager; the message has the commands that make it one
   */
  async checkManager(): Promise<void> {
    try {
      await this.#api.nodes();
    } catch (error) {
      if (isNotManager(error)) throw error;
    }
  }

  /** Calls about the configs that mark the owner of a fleet, and the manager's clock. */
  get ownerApi(): OwnerApi {
    return swarmMarks(this.#api, this.#options.fleet);
  }

  async #read(): Promise<SwarmSnapshot> {
    const label = `${FLEET_LABEL}=${this.#options.fleet}`;
    const [services, tasks, nodes] = await Promise.all([
      this.#api.services(label),
      this.#api.tasks(label),
      this.#api.nodes(),
    ]);
    return { services, tasks, nodes };
  }

  /** The services without those whose end was reported before the swarm shows it. */
  #placed(snapshot: SwarmSnapshot): Placed[] {
    const { ended } = this.#watch;
    return placedServices(snapshot).filter(({ service }) => !ended.has(service.ID));
  }

  #foreign(id: string): EngineError {
    return new EngineError("failed", `swarm: no ${id} in this fleet`);
  }
}

function checkCommand(options: ServiceOptions): void {
  const template = { image: options.image, imageId: "" };
  serviceSpec(options, { name: "Server1", spare: false, template, generation: 1 });
}
