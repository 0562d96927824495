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
import type { FailureLog } from "../failures.ts";
import { connectionPerCall } from "./docker_agent.ts";
import type { DockerConnection } from "./docker_connection.ts";
import { DeadlineError, pause, withDeadline } from "./deadline.ts";
import {
  type ContainerInfo,
  type ContainerOptions,
  containerSpec,
  instanceOf,
} from "./docker_container.ts";
import { statusOf, toEngineError } from "./docker_errors.ts";
import { DockerEvents } from "./docker_events.ts";
import { DockerImages, type ImageInfo, type ImagesOptions } from "./docker_images.ts";
import { lastLines } from "./docker_logs.ts";
import { DockerNames, FLEET_LABEL, identityOf } from "./docker_names.ts";
import { type Ask, DockerNetwork, unless } from "./docker_network.ts";
import { type ContainerSpec, DockerStarts } from "./docker_starts.ts";
import { endingOf, unhealthyOf } from "./docker_state.ts";
import type { Engine, EngineEvent, Instance, Launch, Remains, Template, Watch } from "./engine.ts";
import { EngineError, OUTPUT_TAIL_LINES } from "./engine.ts";
import type { OwnerApi, Volume } from "./fleet_owner.ts";
import type { ImageReference } from "./image_reference.ts";
import type { RegistryCredentials } from "./registry_credentials.ts";

/** Which Engine to use, and for what. */
export interface DockerEngineOptions extends ContainerOptions, ImagesOptions {
  /** Where the Engine is. */
  readonly connection: DockerConnection;
  readonly failures: FailureLog;
  /** Given a line for each step of what takes long. */
  readonly onProgress: (line: string) => void;
  /** Longest wait for one answer of the Engine, in milliseconds; 30 s unless given. */
  readonly deadlineMs?: number;
}

const DEADLINE_MS = 30_000;

/** A container ends, or its health changes. Podman knows `die` as `died`, and sends it as `die`. */
const EVENTS = ["die", "died", "oom", "health_status"];

/** States of a container whose process exists; `stopping` is Podman's. */
const RUNNING = new Set(["running", "paused", "stopping"]);

/** A container that is being removed already is tried again so often, so many milliseconds later. */
const REMOVALS = 25;
const REMOVAL_MS = 200;

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
  readonly #names: DockerNames;
  readonly #images: DockerImages;
  readonly #starts: DockerStarts;
  readonly #watches = new Set<DockerEvents>();

  /** @throws {Error} when the command line is none, with a message for whoever wrote it */
  constructor(options: DockerEngineOptions) {
    this.#options = options;
    this.#deadlineMs = options.deadlineMs ?? DEADLINE_MS;
    // A connection per call: none is left open, none is found dead after the Engine's restart.
    const { connection: to } = options;
    const connection = { ...to, agent: connectionPerCall("ca" in to) };
    this.#calls = new Docker({ ...connection, timeout: this.#deadlineMs });
    this.#streams = new Docker(connection);
    const ask: Ask = (action, call) => this.#ask(action, call);
    this.#network = new DockerNetwork(this.#calls, ask, options.network, options.fleet);
    this.#names = this.#openNames();
    this.#images = this.#openImages();
    this.#starts = this.#openStarts();
    containerSpec(options, { name: "Server1", spare: false, template: {} });
  }

  async pin(template: Template, onProgress?: (line: string) => void): Promise<Template> {
    return await this.#images.pin(template, onProgress);
  }

  start(launch: Launch): Promise<Instance> {
    return this.#starts.start(launch);
  }

  /**
   * Renames a container. Meant for one that was started as a spare: any other goes by its label,
   * whatever its container is called.
   */
  async rename(id: string, name: string): Promise<void> {
    const containerName = this.#options.prefix + name;
    try {
      await this.#names.claim(containerName, (free) => this.#rename(id, free));
    } catch (error) {
      // 400: it may have that very name already.
      if (statusOf(error) !== 400) throw error;
      if ((await this.#inspect(id))?.Name !== `/${containerName}`) throw error;
    }
  }

  async kill(id: string): Promise<void> {
    if (!await this.#inspect(id)) throw new EngineError("failed", `docker: no ${id} in this fleet`);
    await this.#ask(`kill ${id}`, () => this.#calls.getContainer(id).kill());
  }

  async readOutputTail(id: string): Promise<readonly string[]> {
    if (!await this.#inspect(id)) return [];
    const query = { stdout: true, stderr: true, tail: OUTPUT_TAIL_LINES } as const;
    // 409: it is being removed.
    const reading = () => unless([404, 409], this.#calls.getContainer(id).logs(query));
    const log = await this.#ask(`read the log of ${id}`, reading);
    return log ? lastLines(log) : [];
  }

  async ending(id: string, withinMs: number): Promise<string | undefined> {
    const container = await this.#inspect(id);
    if (!container?.State.Running) return container && endingOf(container.State);
    if (!await this.#endsWithin(id, withinMs)) return undefined;
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
    await this.#remove(id);
  }

  /** Address ranges of the replicas' network; undefined before the Engine was asked. */
  get networks(): readonly string[] | undefined {
    return this.#network.subnets;
  }

  async list(): Promise<readonly Instance[]> {
    await this.#ask(`inspect the network ${this.#options.network}`, () => this.#network.learn());
    const found = (await this.#find()).filter(({ State }) => RUNNING.has(State));
    const containers = await Promise.all(found.map(({ Id }) => this.#inspect(Id)));
    return containers
      .map((container) => container && instanceOf(this.#options, container))
      .filter((instance) => instance !== undefined)
      .sort((a, b) => a.startedAt - b.startedAt);
  }

  /**
   * Without containers that are just being started: they do not run yet either. With those that run
   * and have no address on the fleet's network: disconnected, or of another network by now.
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
      open: (signal) => this.#openEvents(signal),
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
   * Removes the network if this fleet made it and no container is attached; for the very end.
   *
   * @throws {EngineError} when the Engine could not do it
   */
  removeNetwork(): Promise<void> {
    return this.#ask("remove the network", () => this.#network.remove());
  }

  /** The volumes of a fleet's mark, and the Engine's clock. */
  get ownerApi(): OwnerApi {
    const volume = (name: string) => this.#calls.getVolume(name);
    return {
      create: async (Name, Labels) => {
        const creation = () => this.#calls.createVolume({ Name, Labels });
        await this.#ask(`create the volume ${Name}`, creation);
        // What is created may have existed: only a look says whose it is.
        const looking = () => volume(Name).inspect() as unknown as Promise<Volume>;
        return await this.#ask(`inspect the volume ${Name}`, looking);
      },
      list: async (label) => {
        const listing = () => this.#calls.listVolumes({ filters: { label: [label] } });
        return (await this.#ask("list volumes", listing)).Volumes as unknown as Volume[] ?? [];
      },
      remove: async (name) => {
        const removal = () => unless([404], volume(name).remove());
        await this.#ask(`remove the volume ${name}`, removal);
      },
      now: async () =>
        Date.parse((await this.#ask("ask its time", () => this.#calls.info())).SystemTime),
    };
  }

  #openNames(): DockerNames {
    const api = {
      inspect: (nameOrId: string) => this.#inspectAny(nameOrId),
      rename: (id: string, name: string) => this.#rename(id, name),
    };
    return new DockerNames(api, this.#options.fleet);
  }

  #openStarts(): DockerStarts {
    const api = {
      create: (spec: ContainerSpec) => this.#create(spec),
      connect: (id: string, network: string) => this.#connect(id, network),
      start: (id: string) => this.#start(id),
      inspect: (id: string) => this.#inspect(id),
      remove: (id: string) => this.#remove(id),
    };
    const { failures } = this.#options;
    const [names, network, images] = [this.#names, this.#network, this.#images];
    const containers = this.#options;
    return new DockerStarts({ api, names, network, images, containers, failures });
  }

  #openImages(): DockerImages {
    const api = {
      inspect: (nameOrId: string) => this.#inspectImage(nameOrId),
      pull: (
        image: ImageReference,
        credentials: RegistryCredentials | undefined,
        signal: AbortSignal,
      ) => this.#pull(image, credentials, signal),
    };
    return new DockerImages(api, this.#options, this.#options.onProgress);
  }

  #inspectImage(nameOrId: string): Promise<ImageInfo | undefined> {
    const inspection = () => unless([404], this.#calls.getImage(nameOrId).inspect());
    return this.#ask(`inspect the image ${nameOrId}`, inspection);
  }

  async #pull(
    { name, tag }: ImageReference,
    credentials: RegistryCredentials | undefined,
    abortSignal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>> {
    // The credentials go by themselves: beside the query they would become part of it.
    const query = { _query: { fromImage: name, tag }, _body: {}, abortSignal };
    const stream = await this.#streams.createImage(credentials, query);
    return stream as unknown as AsyncIterable<Uint8Array>;
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
      filters: { type: ["container"], event: EVENTS, label: [this.#label] },
      abortSignal,
    });
    // The declarations leave open what the chunks are; without an encoding they are bytes.
    return stream as unknown as AsyncIterable<Uint8Array>;
  }

  get #label(): string {
    return `${FLEET_LABEL}=${this.#options.fleet}`;
  }

  /** This fleet's containers. In every state: which states there are differs between Engines. */
  #find(): Promise<Docker.ContainerInfo[]> {
    const query = { all: true, filters: { label: [this.#label] } };
    return this.#ask("list containers", () => this.#calls.listContainers(query));
  }

  /** Ids of running containers that have no address on the fleet's network. */
  async #unreachable(found: readonly Docker.ContainerInfo[]): Promise<ReadonlySet<string>> {
    const containers = await Promise.all(found.map(({ Id }) => this.#inspect(Id)));
    const lost = containers.filter((container) =>
      container?.State.Running && !instanceOf(this.#options, container)
    );
    return new Set(lost.map((container) => container?.Id ?? ""));
  }

  /** A container of this fleet; undefined when there is none, or it is somebody else's. */
  async #inspect(id: string): Promise<ContainerInfo | undefined> {
    const container = await this.#inspectAny(id);
    return container?.Config.Labels[FLEET_LABEL] === this.#options.fleet ? container : undefined;
  }

  #inspectAny(nameOrId: string): Promise<ContainerInfo | undefined> {
    const inspection = () => unless([404], this.#calls.getContainer(nameOrId).inspect());
    return this.#ask(`inspect ${nameOrId}`, inspection);
  }

  /** @returns whether a container that runs ended in that time, in milliseconds */
  async #endsWithin(id: string, ms: number): Promise<boolean> {
    try {
      await withDeadline(
        ms,
        (abortSignal) => unless([404], this.#streams.getContainer(id).wait({ abortSignal })),
      );
      return true;
    } catch (error) {
      if (error instanceof DeadlineError) return false;
      throw toEngineError(`wait for the end of ${id}`, error);
    }
  }

  /** The event names no reason: the container's state has the output of the check. */
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

  async #rename(id: string, name: string): Promise<void> {
    await this.#ask(`rename ${id}`, () => this.#calls.getContainer(id).rename({ name }));
  }

  async #create(spec: ContainerSpec): Promise<string> {
    // The declarations want more of a mount than the Engine does.
    const options = spec as Docker.ContainerCreateOptions;
    return (await this.#ask(`create ${spec.name}`, () => this.#calls.createContainer(options))).id;
  }

  async #connect(id: string, network: string): Promise<void> {
    const connecting = () => this.#calls.getNetwork(network).connect({ Container: id });
    await this.#ask(`connect ${id} to the network ${network}`, connecting);
  }

  async #start(id: string): Promise<void> {
    await this.#ask(`start ${id}`, () => this.#calls.getContainer(id).start());
  }

  async #end(id: string, graceMs: number): Promise<void> {
    if (graceMs > 0 && await this.#stopsWithin(id, graceMs)) return;
    // Before its removal, which would end it without an event on Podman. 409: it has ended meanwhile.
    // 500: that is Podman's word for the same.
    const killing = () => unless([404, 409, 500], this.#calls.getContainer(id).kill());
    await this.#ask(`kill ${id}`, killing);
  }

  /**
   * Sends the stop signal (SIGTERM unless the image or the options name one) and waits.
   *
   * @returns false when the grace was over first
   */
  async #stopsWithin(id: string, graceMs: number): Promise<boolean> {
    // The Engine counts in whole seconds.
    const t = Math.ceil(graceMs / 1000);
    try {
      await withDeadline(
        graceMs,
        (abortSignal) =>
          unless([304, 404], this.#streams.getContainer(id).stop({ t, abortSignal })),
      );
      return true;
    } catch (error) {
      if (error instanceof DeadlineError) return false;
      throw toEngineError(`stop ${id}`, error);
    }
  }

  /** Kills a container if it runs, paused or not, and removes it with its volumes. */
  async #remove(id: string): Promise<void> {
    const removal = () =>
      unless([404], this.#calls.getContainer(id).remove({ force: true, v: true }));
    for (let tries = 1;; tries++) {
      try {
        return void await this.#ask(`remove ${id}`, removal);
      } catch (error) {
        // 409: somebody else is removing it at this moment. 500: and that one may fail half-way.
        if (![409, 500].includes(statusOf(error) ?? 0) || tries === REMOVALS) throw error;
        await pause(REMOVAL_MS);
        if (!await this.#inspectAny(id)) return;
      }
    }
  }
}
