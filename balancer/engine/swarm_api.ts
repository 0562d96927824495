/**
 * Calls to a manager of a swarm, each in bounded time and with its errors as engine errors.
 *
 * @module
 */
// @ts-types="npm:@types/dockerode@4.0.2"
import type Docker from "dockerode";
import { DockerClient } from "./docker_client.ts";
import type { DockerConnection } from "./docker_connection.ts";
import { type NetworkApi, unless } from "./docker_network.ts";
import type { RegistryCredentials } from "./registry_credentials.ts";
import { type Availability, EngineError } from "./engine.ts";
import { isStale, toSwarmError } from "./swarm_errors.ts";
import type {
  ConfigInfo,
  NodeInfo,
  ServiceInfo,
  ServiceSpecInfo,
  TaskInfo,
} from "./swarm_objects.ts";
import type { serviceSpec } from "./swarm_spec.ts";

/** Data of every config: the Engine refuses an empty one. */
const DATA = btoa("mark of ringkeeper, in the labels\n");

type AuthConfig = Docker.AuthConfig;

/** Number of attempts of an update that other clients race with. */
const UPDATES = 10;

/** A client of one manager. */
export class SwarmApi {
  readonly #client: DockerClient;
  readonly #docker: Docker;

  /**
   * @param connection address of the manager
   * @param deadlineMs longest wait for one response, in milliseconds; a manager that has lost the
   *   others does not answer at all
   */
  constructor(connection: DockerConnection, deadlineMs: number) {
    this.#client = new DockerClient(connection, deadlineMs, toSwarmError);
    this.#docker = this.#client.calls;
  }

  /**
   * Makes a call in bounded time.
   *
   * @param action the call, for the message: `list services`
   * @param call the call
   * @throws {EngineError} the call failed
   */
  ask<T>(action: string, call: () => Promise<T>): Promise<T> {
    return this.#client.ask(action, call);
  }

  /** Calls about networks, which the caller makes through {@linkcode SwarmApi.ask}. */
  get networks(): NetworkApi {
    return this.#docker;
  }

  /** Returns the machine that is asked, as the swarm knows it; empty if it is in none. */
  async nodeId(): Promise<string> {
    const info = await this.ask("ask the Engine for its swarm", () => this.#docker.info());
    return String(info.Swarm?.NodeID ?? "");
  }

  /** Lists the services with a label. */
  services(label: string): Promise<ServiceInfo[]> {
    const query = { filters: { label: [label] } };
    return this.#list<ServiceInfo>("list services", () => this.#docker.listServices(query));
  }

  /** Returns a service; undefined if it does not exist. */
  service(id: string): Promise<ServiceInfo | undefined> {
    const inspection = () => unless([404], this.#docker.getService(id).inspect());
    return this.ask(`inspect the service ${id}`, inspection) as Promise<ServiceInfo | undefined>;
  }

  /**
   * Lists the tasks of the services with a label. Tasks of a service that was removed are listed
   * until they are gone; a filter by the service's id would be an error then.
   */
  tasks(label: string): Promise<TaskInfo[]> {
    const query = { filters: { label: [label] } };
    return this.#list<TaskInfo>("list tasks", () => this.#docker.listTasks(query));
  }

  /** Lists the machines of the swarm. */
  nodes(): Promise<NodeInfo[]> {
    return this.#list<NodeInfo>("list machines", () => this.#docker.listNodes());
  }

  /** Creates a service. @returns its id */
  async create(
    spec: ReturnType<typeof serviceSpec>,
    credentials: RegistryCredentials | undefined,
  ): Promise<string> {
    // dockerode's types know fewer fields than the Engine.
    const options = spec as unknown as Docker.CreateServiceOptions;
    const creation = () => this.#docker.createService({ ...credentials } as AuthConfig, options);
    return (await this.ask(`create the service ${spec.Name}`, creation)).id;
  }

  /**
   * Updates a service. The change is made again on the newer service if another client was faster.
   *
   * @param id the service
   * @param change returns the new parameters; undefined to leave the service as it is
   * @throws {EngineError} `failed`: the service does not exist
   */
  async update(
    id: string,
    change: (spec: ServiceSpecInfo, service: ServiceInfo) => ServiceSpecInfo | undefined,
  ): Promise<void> {
    await whileStale(async () => {
      const service = await this.service(id);
      if (!service) throw new EngineError("failed", `swarm: there is no service ${id}`);
      const spec = change(service.Spec, service);
      if (!spec) return;
      // Beside `_body` everything would become part of the query.
      const options = { _query: { version: service.Version.Index }, _body: spec };
      const updating = () => this.#docker.getService(id).update(options);
      await this.ask(`update the service ${id}`, updating);
    });
  }

  /** Removes a service; one that does not exist counts as removed. */
  async remove(id: string): Promise<void> {
    const removal = () => unless([404], this.#docker.getService(id).remove());
    await this.ask(`remove the service ${id}`, removal);
  }

  /** Reads the last lines of a service's log, on any machine; undefined if it does not exist. */
  async logs(id: string, tail: number): Promise<Uint8Array | undefined> {
    const query = { stdout: true, stderr: true, tail } as const;
    const reading = () => unless([404], this.#docker.getService(id).logs(query));
    const log: unknown = await this.ask(`read the log of the service ${id}`, reading);
    return log instanceof Uint8Array ? log : undefined;
  }

  /** Creates a config. @returns false if the name exists already */
  async createConfig(name: string, labels: Record<string, string>): Promise<boolean> {
    const spec = { Name: name, Labels: labels, Data: DATA };
    const creation = () => unless([409], this.#docker.createConfig(spec));
    return await this.ask(`create the config ${name}`, creation) !== undefined;
  }

  /** Lists the configs with a label. */
  configs(label: string): Promise<ConfigInfo[]> {
    const query = { filters: { label: [label] } };
    return this.#list<ConfigInfo>("list configs", () => this.#docker.listConfigs(query));
  }

  /** Removes a config by its id; one that does not exist counts as removed. */
  async removeConfig(id: string): Promise<void> {
    const removal = () => unless([404], this.#docker.getConfig(id).remove());
    await this.ask(`remove the config ${id}`, removal);
  }

  /** Returns the time of the machine that is asked, in milliseconds since the epoch. */
  async now(): Promise<number> {
    return Date.parse((await this.ask("ask its time", () => this.#docker.info())).SystemTime);
  }

  /**
   * Sets the availability of a machine.
   *
   * @param id id of the machine
   * @param availability `active`, `pause` for no new tasks, `drain` for none at all
   */
  async setAvailability(id: string, availability: Availability): Promise<void> {
    await whileStale(async () => {
      const node = (await this.nodes()).find((one) => one.ID === id);
      if (!node) throw new EngineError("failed", `swarm: there is no machine ${id}`);
      if (node.Spec.Availability === availability) return;
      const body = { ...node.Spec, Availability: availability };
      const options = { _query: { version: node.Version.Index }, _body: body };
      const updating = () => this.#docker.getNode(id).update(options);
      await this.ask(`update the machine ${id}`, updating);
    });
  }

  async #list<T>(action: string, call: () => Promise<unknown>): Promise<T[]> {
    return await this.ask(action, call) as T[];
  }
}

/** Repeats a read with its update while another client updates the object in between. */
async function whileStale(update: () => Promise<void>): Promise<void> {
  for (let tries = 1;; tries++) {
    try {
      return await update();
    } catch (error) {
      if (!isStale(error) || tries === UPDATES) throw error;
    }
  }
}
