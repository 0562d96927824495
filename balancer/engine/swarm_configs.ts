/**
 * Calls to a manager of a swarm about configs (Docker Engine API v1.40, `/configs`). A config's
 * data cannot be changed; its labels can, by compare-and-swap on its version.
 *
 * @module
 */
import type { ConfigsApi, SwarmConfig } from "../cluster/swarm_store.ts";
import { DockerClient } from "./docker_client.ts";
import type { DockerConnection } from "./docker_connection.ts";
import { statusOf } from "./docker_errors.ts";
import { unless } from "./docker_network.ts";
import { jsonLines } from "./json_lines.ts";
import { isStale, toSwarmError } from "./swarm_errors.ts";

/** Data of every config: the Engine refuses an empty one. */
const DATA = btoa("shared state of ringkeeper, in the labels\n");

/** Fields of a config that are used. */
interface ConfigInfo {
  readonly ID: string;
  readonly Version: { readonly Index: number };
  readonly Spec: {
    readonly Name: string;
    readonly Labels?: Readonly<Record<string, string>> | null;
    readonly Data?: string;
  };
}

/** Fields of an event that are used. */
interface ConfigEvent {
  readonly Actor: { readonly Attributes: Readonly<Record<string, string>> };
}

/** Configs of the swarm that a Docker Engine manages. */
export class SwarmConfigs implements ConfigsApi {
  readonly #client: DockerClient;

  /**
   * @param connection address of the manager
   * @param deadlineMs longest wait for one response, in milliseconds; a manager without a leader
   *   may not answer at all
   */
  constructor(connection: DockerConnection, deadlineMs: number) {
    this.#client = new DockerClient(connection, deadlineMs, toSwarmError);
  }

  async find(nameOrId: string): Promise<SwarmConfig | undefined> {
    const inspection = () => unless([404], this.#client.calls.getConfig(nameOrId).inspect());
    const found = await this.#client.ask(`read the config ${nameOrId}`, inspection);
    return found && configOf(found as unknown as ConfigInfo);
  }

  async list(label: string): Promise<readonly SwarmConfig[]> {
    const query = { filters: { label: [label] } };
    const listing = () => this.#client.calls.listConfigs(query) as Promise<unknown>;
    return (await this.#client.ask("list configs", listing) as ConfigInfo[]).map(configOf);
  }

  async create(name: string, labels: Readonly<Record<string, string>>): Promise<boolean> {
    const spec = { Name: name, Labels: { ...labels }, Data: DATA };
    const creation = () => unless([409], this.#client.calls.createConfig(spec));
    return await this.#client.ask(`create the config ${name}`, creation) !== undefined;
  }

  async update(
    { id, name }: Pick<SwarmConfig, "id" | "name">,
    version: number,
    labels: Readonly<Record<string, string>>,
  ): Promise<boolean> {
    // Beside `_body` everything would become part of the query.
    const options = {
      _query: { version },
      _body: { Name: name, Labels: { ...labels }, Data: DATA },
    };
    const updating = () => this.#client.calls.getConfig(id).update(options);
    try {
      await this.#client.ask(`update the config ${name}`, updating);
      return true;
    } catch (error) {
      if (statusOf(error) === 404 || isStale(error)) return false;
      throw error;
    }
  }

  async remove(id: string): Promise<void> {
    const removal = () => unless([404], this.#client.calls.getConfig(id).remove());
    await this.#client.ask(`remove the config ${id}`, removal);
  }

  async *changes(signal: AbortSignal): AsyncGenerator<string> {
    const query = { filters: { type: ["config" as const] }, abortSignal: signal };
    const opening = () => this.#client.streams.getEvents(query);
    const stream = await this.#client.ask("watch configs", opening) as unknown as AsyncIterable<
      Uint8Array
    >;
    for await (const { Actor: { Attributes } } of jsonLines<ConfigEvent>(stream)) {
      if (Attributes["name"] !== undefined) yield Attributes["name"];
    }
  }
}

function configOf({ ID, Version, Spec }: ConfigInfo): SwarmConfig {
  return { id: ID, name: Spec.Name, version: Version.Index, labels: Spec.Labels ?? {} };
}
