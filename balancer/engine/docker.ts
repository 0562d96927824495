/**
 * An engine whose instances are containers of one Docker Engine, told apart from everybody else's
 * by a label. The only module that imports dockerode.
 *
 * Speaks whatever version of the API the Engine has (v1.40 and up): to name one would lock out the
 * Engines that no longer, or not yet, know it. Needs `--allow-net`, and `--allow-read` and
 * `--allow-write` for the socket; `--ignore-env`, because dockerode's dependencies look around in
 * the environment.
 *
 * @module
 */
// @ts-types="npm:@types/dockerode@4.0.2"
import Docker from "dockerode";
import { Agent } from "node:http";
import type { FailureLog } from "../failures.ts";
import { DeadlineError, withDeadline } from "./deadline.ts";
import type { ContainerInfo, ContainerOptions } from "./docker_container.ts";
import {
  containerSpec,
  FLEET_LABEL,
  instanceOf,
  notRunning,
  REPLICA_LABEL,
} from "./docker_container.ts";
import { imageMissing, nameTaken, statusOf, toEngineError } from "./docker_errors.ts";
import { DockerEvents } from "./docker_events.ts";
import { DockerNetwork, unless } from "./docker_network.ts";
import type { Engine, EngineEvent, Instance, Watch } from "./engine.ts";

/** Which Engine to use, and for what. */
export interface DockerEngineOptions extends ContainerOptions {
  /** Unix socket of the Engine. */
  readonly socketPath: string;
  readonly failures: FailureLog;
  /** Longest wait for one answer of the Engine, in milliseconds; 30 s unless given. */
  readonly deadlineMs?: number;
}

const DEADLINE_MS = 30_000;

/** Runs each replica as a container. */
export class DockerEngine implements Engine {
  readonly kind = "docker";
  readonly ownsInstances = true;
  readonly #options: DockerEngineOptions;
  readonly #deadlineMs: number;
  /** For calls that answer soon: gives up on a silent connection. */
  readonly #calls: Docker;
  /** For calls that stay open. */
  readonly #streams: Docker;
  readonly #network: DockerNetwork;
  readonly #watches = new Set<DockerEvents>();

  /** @throws {Error} when the command line is none, with a message for whoever wrote it */
  constructor(options: DockerEngineOptions) {
    this.#options = options;
    this.#deadlineMs = options.deadlineMs ?? DEADLINE_MS;
    // A connection per call: none is left open, none is found dead after the Engine's restart.
    const connection = { socketPath: options.socketPath, agent: new Agent({ keepAlive: false }) };
    this.#calls = new Docker({ ...connection, timeout: this.#deadlineMs });
    this.#streams = new Docker(connection);
    this.#network = new DockerNetwork(this.#calls, options.network, options.fleet);
    containerSpec(options, "Server1");
  }

  async start(name: string): Promise<Instance> {
    await this.#ask(`have the network ${this.#options.network}`, () => this.#network.ensure());
    await this.#removeLeftovers(name);
    const id = await this.#create(name);
    try {
      return await this.#run(id, name);
    } catch (error) {
      await this.#discard(id);
      throw error;
    }
  }

  async stop(id: string, graceMs: number): Promise<void> {
    const container = await this.#inspect(id);
    if (!container) return;
    if (container.State.Running && graceMs > 0) await this.#askToEnd(id, graceMs);
    await this.#remove(id);
  }

  async list(): Promise<readonly Instance[]> {
    const ids = await this.#ids({ status: ["running", "paused"] });
    const containers = await Promise.all(ids.map((id) => this.#inspect(id)));
    return containers
      .map((container) => container && instanceOf(this.#options, container))
      .filter((instance) => instance !== undefined)
      .sort((a, b) => a.startedAt - b.startedAt);
  }

  async watch(listener: (event: EngineEvent) => void): Promise<Watch> {
    const events = new DockerEvents({
      open: (signal) => this.#openEvents(signal),
      listener,
      failures: this.#options.failures,
      deadlineMs: this.#deadlineMs,
    });
    this.#watches.add(events);
    await events.start();
    return { close: () => this.#endWatch(events) };
  }

  close(): Promise<void> {
    for (const events of this.#watches) this.#endWatch(events);
    return Promise.resolve();
  }

  /**
   * Removes the network if this fleet made it and no container is attached; for the very end.
   *
   * @throws {EngineError} when the Engine could not do it
   */
  removeNetwork(): Promise<void> {
    return this.#ask("remove the network", () => this.#network.remove());
  }

  /** Every call to the Engine goes through here, except those that stay open. */
  async #ask<T>(action: string, call: () => Promise<T>): Promise<T> {
    try {
      return await withDeadline(this.#deadlineMs, call);
    } catch (error) {
      throw toEngineError(action, error);
    }
  }

  #endWatch(events: DockerEvents): void {
    events.close();
    this.#watches.delete(events);
  }

  async #openEvents(abortSignal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const stream = await this.#streams.getEvents({
      filters: { type: ["container"], event: ["die", "oom"], label: [this.#label] },
      abortSignal,
    });
    // The declarations leave open what the chunks are; without an encoding they are bytes.
    return stream as unknown as AsyncIterable<Uint8Array>;
  }

  get #label(): string {
    return `${FLEET_LABEL}=${this.#options.fleet}`;
  }

  /** Ids of this fleet's containers. */
  async #ids(filters: { status?: string[]; label?: string[] }): Promise<string[]> {
    const label = [this.#label, ...(filters.label ?? [])];
    const query = { all: true, filters: { ...filters, label } };
    const found = await this.#ask("list containers", () => this.#calls.listContainers(query));
    return found.map(({ Id }) => Id);
  }

  /** A container of this fleet; undefined when there is none, or it is somebody else's. */
  async #inspect(id: string): Promise<ContainerInfo | undefined> {
    const inspection = () => unless([404], this.#calls.getContainer(id).inspect());
    const container = await this.#ask(`inspect ${id}`, inspection);
    return container?.Config.Labels[FLEET_LABEL] === this.#options.fleet ? container : undefined;
  }

  async #removeLeftovers(name: string): Promise<void> {
    const ids = await this.#ids({ label: [`${REPLICA_LABEL}=${name}`] });
    await Promise.all(ids.map((id) => this.#remove(id)));
  }

  async #create(name: string): Promise<string> {
    const spec = containerSpec(this.#options, name);
    try {
      return (await this.#ask(`create ${name}`, () => this.#calls.createContainer(spec))).id;
    } catch (error) {
      if (statusOf(error) === 404) throw imageMissing(spec.Image, error);
      if (statusOf(error) === 409) throw nameTaken(spec.name, error);
      throw error;
    }
  }

  async #run(id: string, name: string): Promise<Instance> {
    await this.#ask(`start ${name}`, () => this.#calls.getContainer(id).start());
    const container = await this.#inspect(id);
    const instance = container && instanceOf(this.#options, container);
    if (!instance) throw notRunning(name, container);
    return instance;
  }

  /** Removes what could not be started; the failure to start is what its caller hears of. */
  async #discard(id: string): Promise<void> {
    try {
      await this.#remove(id);
    } catch (error) {
      this.#options.failures.record("docker.discard", error);
    }
  }

  /** Sends the image's stop signal (SIGTERM unless it names one) and waits, at most the grace. */
  async #askToEnd(id: string, graceMs: number): Promise<void> {
    // The Engine counts in whole seconds; removal ends what is left when the grace is over.
    const t = Math.ceil(graceMs / 1000);
    try {
      await withDeadline(
        graceMs,
        (abortSignal) =>
          unless([304, 404], this.#streams.getContainer(id).stop({ t, abortSignal })),
      );
    } catch (error) {
      if (!(error instanceof DeadlineError)) throw toEngineError(`stop ${id}`, error);
    }
  }

  /** Kills a container if it runs, paused or not, and removes it with its volumes. */
  async #remove(id: string): Promise<void> {
    const container = this.#calls.getContainer(id);
    try {
      const removal = () => unless([404], container.remove({ force: true, v: true }));
      await this.#ask(`remove ${id}`, removal);
    } catch (error) {
      // 409: somebody else is removing it at this moment.
      if (statusOf(error) !== 409) throw error;
      const gone = () => unless([404], container.wait({ condition: "removed" }));
      await this.#ask(`see ${id} removed`, gone);
    }
  }
}
