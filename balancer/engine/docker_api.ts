/**
 * Calls to one Docker Engine about containers, images and volumes.
 *
 * @module
 */
// @ts-types="npm:@types/dockerode@4.0.2"
import type Docker from "dockerode";
import { DeadlineError, pause, withDeadline } from "./deadline.ts";
import { DockerClient } from "./docker_client.ts";
import type { DockerConnection } from "./docker_connection.ts";
import type { ContainerInfo } from "./docker_container.ts";
import { statusOf, toEngineError } from "./docker_errors.ts";
import type { ImageInfo } from "./docker_images.ts";
import { type NetworkApi, unless } from "./docker_network.ts";
import type { ContainerSpec } from "./docker_starts.ts";
import type { OwnerApi, Volume } from "./fleet_marks.ts";
import type { ImageReference } from "./image_reference.ts";
import type { RegistryCredentials } from "./registry_credentials.ts";

/** A container in a list: `GET /containers/json`. */
export type ListedContainer = Docker.ContainerInfo;

/** Events of interest: a container ends, or its health changes. Podman's `died` is sent as `die`. */
const EVENTS = ["die", "died", "oom", "health_status"];

/** Number of attempts to remove a container that another client is removing. */
const REMOVALS = 25;

/** Delay between two such attempts, in milliseconds. */
const REMOVAL_MS = 200;

/** A client of one Docker Engine. */
export class DockerApi {
  readonly #client: DockerClient;
  readonly #calls: Docker;
  readonly #streams: Docker;

  /**
   * @param connection address of the Engine
   * @param deadlineMs longest wait for one response, in milliseconds
   */
  constructor(connection: DockerConnection, deadlineMs: number) {
    this.#client = new DockerClient(connection, deadlineMs);
    this.#calls = this.#client.calls;
    this.#streams = this.#client.streams;
  }

  /**
   * Makes a call in bounded time.
   *
   * @param action the call, for the message: `start Server1`
   * @param call the call
   * @throws {EngineError} the call failed
   */
  ask<T>(action: string, call: () => Promise<T>): Promise<T> {
    return this.#client.ask(action, call);
  }

  /** Calls about networks, which the caller makes through {@linkcode DockerApi.ask}. */
  get networks(): NetworkApi {
    return this.#calls;
  }

  /** Calls about the volumes that mark the owner of a fleet, and the Engine's clock. */
  get owners(): OwnerApi {
    return {
      create: (name, labels) => this.#createVolume(name, labels),
      list: async (label) => {
        const listing = () => this.#calls.listVolumes({ filters: { label: [label] } });
        return (await this.ask("list volumes", listing)).Volumes as unknown as Volume[] ?? [];
      },
      remove: async (name) => {
        const removal = () => unless([404], this.#calls.getVolume(name).remove());
        await this.ask(`remove the volume ${name}`, removal);
      },
      now: async () =>
        Date.parse((await this.ask("ask its time", () => this.#calls.info())).SystemTime),
    };
  }

  /** Lists the containers with a label, in every state: the states differ between Engines. */
  list(label: string): Promise<ListedContainer[]> {
    const query = { all: true, filters: { label: [label] } };
    return this.ask("list containers", () => this.#calls.listContainers(query));
  }

  /** Inspects a container; undefined if it does not exist. */
  inspect(nameOrId: string): Promise<ContainerInfo | undefined> {
    const inspection = () => unless([404], this.#calls.getContainer(nameOrId).inspect());
    return this.ask(`inspect ${nameOrId}`, inspection);
  }

  /** Inspects an image; undefined if it does not exist. */
  inspectImage(nameOrId: string): Promise<ImageInfo | undefined> {
    const inspection = () => unless([404], this.#calls.getImage(nameOrId).inspect());
    return this.ask(`inspect the image ${nameOrId}`, inspection);
  }

  /** Pulls an image. @returns the Engine's progress reports, until the image is complete */
  async pull(
    { name, tag }: ImageReference,
    credentials: RegistryCredentials | undefined,
    abortSignal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>> {
    // The credentials are an argument of their own: beside the query they would become part of it.
    const query = { _query: { fromImage: name, tag }, _body: {}, abortSignal };
    const stream = await this.#streams.createImage(credentials, query);
    return stream as unknown as AsyncIterable<Uint8Array>;
  }

  /** Creates a container. @returns its id */
  async create(spec: ContainerSpec): Promise<string> {
    // dockerode's types require more fields of a mount than the Engine does.
    const options = spec as Docker.ContainerCreateOptions;
    return (await this.ask(`create ${spec.name}`, () => this.#calls.createContainer(options))).id;
  }

  /** Connects a container to a network. */
  async connect(id: string, network: string): Promise<void> {
    const connecting = () => this.#calls.getNetwork(network).connect({ Container: id });
    await this.ask(`connect ${id} to the network ${network}`, connecting);
  }

  /** Starts a container. */
  async start(id: string): Promise<void> {
    await this.ask(`start ${id}`, () => this.#calls.getContainer(id).start());
  }

  /** Renames a container. */
  async rename(id: string, name: string): Promise<void> {
    await this.ask(`rename ${id}`, () => this.#calls.getContainer(id).rename({ name }));
  }

  /**
   * Kills a container.
   *
   * @param id the container
   * @param accepted statuses that are no error
   */
  async kill(id: string, accepted: readonly number[] = []): Promise<void> {
    const killing = () => unless(accepted, this.#calls.getContainer(id).kill());
    await this.ask(`kill ${id}`, killing);
  }

  /** Reads the last lines of a container's log; undefined if it is gone or being removed (409). */
  logs(id: string, tail: number): Promise<Uint8Array | undefined> {
    const query = { stdout: true, stderr: true, tail } as const;
    const reading = () => unless([404, 409], this.#calls.getContainer(id).logs(query));
    return this.ask(`read the log of ${id}`, reading);
  }

  /** Waits for the end of a container. @returns whether it ended within the time in milliseconds */
  endsWithin(id: string, ms: number): Promise<boolean> {
    return this.#within(
      ms,
      `wait for the end of ${id}`,
      (abortSignal) => unless([404], this.#streams.getContainer(id).wait({ abortSignal })),
    );
  }

  /**
   * Sends the stop signal, SIGTERM unless the image or the options name one, and waits for the end.
   *
   * @returns whether the container ended within the grace in milliseconds
   */
  stopsWithin(id: string, graceMs: number): Promise<boolean> {
    // The Engine counts whole seconds.
    const t = Math.ceil(graceMs / 1000);
    return this.#within(
      graceMs,
      `stop ${id}`,
      (abortSignal) => unless([304, 404], this.#streams.getContainer(id).stop({ t, abortSignal })),
    );
  }

  /** Kills a container if it runs, paused or not, and removes it with its volumes. */
  async remove(id: string): Promise<void> {
    const removal = () =>
      unless([404], this.#calls.getContainer(id).remove({ force: true, v: true }));
    for (let tries = 1;; tries++) {
      try {
        return void await this.ask(`remove ${id}`, removal);
      } catch (error) {
        // 409: another client is removing it now. 500: that removal may fail half-way.
        if (![409, 500].includes(statusOf(error) ?? 0) || tries === REMOVALS) throw error;
        await pause(REMOVAL_MS);
        if (!await this.inspect(id)) return;
      }
    }
  }

  /** Opens the stream of events about containers with a label. The signal ends it. */
  async events(label: string, abortSignal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const stream = await this.#streams.getEvents({
      filters: { type: ["container"], event: EVENTS, label: [label] },
      abortSignal,
    });
    // dockerode's types do not name the type of the chunks; without an encoding they are bytes.
    return stream as unknown as AsyncIterable<Uint8Array>;
  }

  async #createVolume(Name: string, Labels: Record<string, string>): Promise<Volume> {
    const creation = () => this.#calls.createVolume({ Name, Labels });
    await this.ask(`create the volume ${Name}`, creation);
    // The volume may have existed before: only an inspection shows its owner.
    const inspection = () => this.#calls.getVolume(Name).inspect() as unknown as Promise<Volume>;
    return await this.ask(`inspect the volume ${Name}`, inspection);
  }

  async #within(
    ms: number,
    action: string,
    call: (signal: AbortSignal) => Promise<unknown>,
  ): Promise<boolean> {
    try {
      await withDeadline(ms, call);
      return true;
    } catch (error) {
      if (error instanceof DeadlineError) return false;
      throw toEngineError(action, error);
    }
  }
}
