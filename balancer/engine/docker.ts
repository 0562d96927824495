/**
 * An engine whose instances are containers of one Docker Engine. A label distinguishes the fleet's
 * containers from all others.
 *
 * @module
 */
import type { FailureLog } from "../failures.ts";
import { DockerApi, type ListedContainer } from "./docker_api.ts";
import type { DockerConnection } from "./docker_connection.ts";
import {
  type ContainerInfo,
  type ContainerOptions,
  containerSpec,
  instanceOf,
} from "./docker_container.ts";
import { statusOf } from "./docker_errors.ts";
import { DockerEvents } from "./docker_events.ts";
import { DockerImages, imagesOf, type ImagesOptions } from "./docker_images.ts";
import { lastLines } from "./docker_logs.ts";
import { DockerNames, FLEET_LABEL, identityOf } from "./docker_names.ts";
import { type Ask, DockerNetwork } from "./docker_network.ts";
import { DockerStarts } from "./docker_starts.ts";
import { endingOf, unhealthyOf } from "./docker_state.ts";
import type { Engine, EngineEvent, Instance, Launch, Remains, Template, Watch } from "./engine.ts";
import { EngineError, OUTPUT_TAIL_LINES } from "./engine.ts";
import type { OwnerApi } from "./fleet_marks.ts";

/** Options of a {@linkcode DockerEngine}. */
export interface DockerEngineOptions extends ContainerOptions, ImagesOptions {
  /** Address of the Engine. */
  readonly connection: DockerConnection;
  readonly failures: FailureLog;
  /** Called with a line for each step of a slow operation. */
  readonly onProgress: (line: string) => void;
  /** Longest wait for one response of the Engine, in milliseconds; 30 s by default. */
  readonly deadlineMs?: number;
}

const DEADLINE_MS = 30_000;

/** States of a container whose process exists; `stopping` is Podman's. */
const RUNNING = new Set(["running", "paused", "stopping"]);

/** Runs each replica as a container. */
export class DockerEngine implements Engine {
  readonly kind = "docker";
  readonly ownsInstances = true;
  readonly #options: DockerEngineOptions;
  readonly #deadlineMs: number;
  readonly #api: DockerApi;
  readonly #network: DockerNetwork;
  readonly #names: DockerNames;
  readonly #images: DockerImages;
  readonly #starts: DockerStarts;
  readonly #watches = new Set<DockerEvents>();

  /** @throws {Error} the command line is invalid; the message is for its author */
  constructor(options: DockerEngineOptions) {
    this.#options = options;
    this.#deadlineMs = options.deadlineMs ?? DEADLINE_MS;
    const { connection, network: networkName, fleet, failures } = options;
    const api = this.#api = new DockerApi(connection, this.#deadlineMs);
    const ask: Ask = (action, call) => api.ask(action, call);
    const network = this.#network = new DockerNetwork(api.networks, ask, networkName, fleet);
    const names = this.#names = new DockerNames(api, fleet);
    const images = this.#images = new DockerImages(imagesOf(api), options, options.onProgress);
    const containers = options;
    this.#starts = new DockerStarts({ api, names, network, images, containers, failures });
    containerSpec(options, { name: "Server1", spare: false, template: {} });
  }

  async pin(template: Template, onProgress?: (line: string) => void): Promise<Template> {
    return await this.#images.pin(template, onProgress);
  }

  start(launch: Launch): Promise<Instance> {
    return this.#starts.start(launch);
  }

  /**
   * Renames a container that was started as a spare. The name of any other container does not
   * matter, because its label has the name.
   */
  async rename(id: string, name: string): Promise<void> {
    const containerName = this.#options.prefix + name;
    try {
      await this.#names.claim(containerName, (free) => this.#api.rename(id, free));
    } catch (error) {
      // 400: the container may have that name already.
      if (statusOf(error) !== 400) throw error;
      if ((await this.#inspect(id))?.Name !== `/${containerName}`) throw error;
    }
  }

  async kill(id: string): Promise<void> {
    if (!await this.#inspect(id)) throw new EngineError("failed", `docker: no ${id} in this fleet`);
    await this.#api.kill(id);
  }

  async readOutputTail(id: string): Promise<readonly string[]> {
    if (!await this.#inspect(id)) return [];
    const log = await this.#api.logs(id, OUTPUT_TAIL_LINES);
    return log ? lastLines(log) : [];
  }

  async ending(id: string, withinMs: number): Promise<string | undefined> {
    const container = await this.#inspect(id);
    if (!container?.State.Running) return container && endingOf(container.State);
    if (!await this.#api.endsWithin(id, withinMs)) return undefined;
    const ended = await this.#inspect(id);
    return ended && endingOf(ended.State);
  }

  async stop(id: string, graceMs: number, onStopped?: () => void): Promise<void> {
    const container = await this.#inspect(id);
    if (!container) return;
    if (container.State.Running) await this.#end(id, graceMs);
    onStopped?.();
    const identity = identityOf(this.#options.prefix, container.Name, container.Config.Labels);
    if (identity) await this.#names.settled(this.#options.prefix + identity.name);
    await this.#api.remove(id);
  }

  /** Address ranges of the replicas' network; undefined before the Engine was asked. */
  get networks(): readonly string[] | undefined {
    return this.#network.subnets;
  }

  async list(): Promise<readonly Instance[]> {
    const action = `inspect the network ${this.#options.network}`;
    await this.#api.ask(action, () => this.#network.learn());
    const found = (await this.#find()).filter(({ State }) => RUNNING.has(State));
    const containers = await Promise.all(found.map(({ Id }) => this.#inspect(Id)));
    return containers
      .map((container) => container && instanceOf(this.#options, container))
      .filter((instance) => instance !== undefined)
      .sort((a, b) => a.startedAt - b.startedAt);
  }

  /**
   * Includes running containers without an address on the fleet's network: they were disconnected,
   * or the network was replaced. Excludes containers that are being started.
   */
  async remains(): Promise<readonly Remains[]> {
    const starting = new Set(this.#starts.names);
    const all = await this.#find();
    const unreachable = await this.#unreachable(all.filter(({ State }) => RUNNING.has(State)));
    for (const name of this.#starts.names) starting.add(name);
    return all.flatMap(({ Id, Names, Labels, State }) => {
      const identity = identityOf(this.#options.prefix, Names[0] ?? "", Labels);
      const left = !RUNNING.has(State) || unreachable.has(Id);
      const early = State === "created" || unreachable.has(Id);
      if (!identity || !left || (early && starting.has(identity.name))) return [];
      return [{ id: Id, ...identity }];
    });
  }

  async watch(listener: (event: EngineEvent) => void): Promise<Watch> {
    const events = new DockerEvents({
      open: (signal) => this.#api.events(this.#label, signal),
      listener: (event) => {
        if (event.type !== "health" || event.reason === undefined) return listener(event);
        this.#explain(event, listener);
      },
      failures: this.#options.failures,
      prefix: this.#options.prefix,
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
   * Removes the network if this fleet created it and no container is attached. Call it last.
   *
   * @throws {EngineError} the removal failed
   */
  removeNetwork(): Promise<void> {
    return this.#api.ask("remove the network", () => this.#network.remove());
  }

  /** Calls about the volumes that mark the owner of a fleet, and the Engine's clock. */
  get ownerApi(): OwnerApi {
    return this.#api.owners;
  }

  #endWatch(events: DockerEvents): void {
    events.close();
    this.#watches.delete(events);
  }

  get #label(): string {
    return `${FLEET_LABEL}=${this.#options.fleet}`;
  }

  /** Lists the fleet's containers. */
  #find(): Promise<ListedContainer[]> {
    return this.#api.list(this.#label);
  }

  /** Returns the ids of running containers without an address on the fleet's network. */
  async #unreachable(found: readonly ListedContainer[]): Promise<ReadonlySet<string>> {
    const containers = await Promise.all(found.map(({ Id }) => this.#inspect(Id)));
    const lost = containers.filter((container) =>
      container?.State.Running && !instanceOf(this.#options, container)
    );
    return new Set(lost.map((container) => container?.Id ?? ""));
  }

  /** Inspects a container of this fleet; undefined if there is none, or it is of another owner. */
  async #inspect(id: string): Promise<ContainerInfo | undefined> {
    const container = await this.#api.inspect(id);
    return container?.Config.Labels[FLEET_LABEL] === this.#options.fleet ? container : undefined;
  }

  /** Adds the reason to a health event: the container's state has the output of the check. */
  async #explain(
    event: Extract<EngineEvent, { readonly type: "health" }>,
    listener: (event: EngineEvent) => void,
  ): Promise<void> {
    try {
      const container = await this.#inspect(event.id);
      const reason = container && unhealthyOf(container.State);
      listener(reason === undefined ? event : { ...event, reason });
    } catch (error) {
      this.#options.failures.record("docker.health", error);
      listener(event);
    }
  }

  async #end(id: string, graceMs: number): Promise<void> {
    if (graceMs > 0 && await this.#api.stopsWithin(id, graceMs)) return;
    // Kill before the removal: on Podman a removal ends a container without an event.
    // 409, and 500 on Podman: the container has ended already.
    await this.#api.kill(id, [404, 409, 500]);
  }
}
