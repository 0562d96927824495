/**
 * The names of containers: which instance each belongs to, and how one becomes free.
 *
 * A container's labels never change. One that was started under a replica's name goes by its label
 * for good. A spare's container goes by its own name: the Engine keeps that, so that a balancer
 * which never saw the rename knows it too.
 *
 * @module
 */
import { pause } from "./deadline.ts";
import { nameInUse, nameTaken, statusOf } from "./docker_errors.ts";
import type { Launch } from "./engine.ts";

/** Label that carries the fleet: nothing without ours is ever touched. */
export const FLEET_LABEL = "ringkeeper.fleet";

/** Label that carries the name of an instance's start: a replica's, or a spare's own. */
export const REPLICA_LABEL = "ringkeeper.replica";

/** Label that carries the {@linkcode Template} of an instance as JSON, with its image's id. */
export const TEMPLATE_LABEL = "ringkeeper.template";

/** Label of what was started as a spare. */
export const ROLE_LABEL = "ringkeeper.role";

const SPARE = "spare";

/** What was moved out of the way: a name, and the beginning of its container's id. */
const MOVED = /\.old-[0-9a-f]{8}$/;

type Labels = Readonly<Record<string, string>>;

/** Whose container something is. */
export interface Identity {
  readonly name: string;
  readonly spare: boolean;
}

/**
 * The labels of a container.
 *
 * @param fleet whose it is
 * @param launch what is started
 */
export function labelsOf(
  fleet: string,
  { name, spare, template }: Launch,
): Record<string, string> {
  const labels = {
    [FLEET_LABEL]: fleet,
    [REPLICA_LABEL]: name,
    [TEMPLATE_LABEL]: JSON.stringify(template),
  };
  return spare ? { ...labels, [ROLE_LABEL]: SPARE } : labels;
}

/**
 * Reads whose a container is.
 *
 * @param prefix before each container's name
 * @param containerName the container's own, with or without the API's slash before it
 * @param labels the container's
 * @returns undefined for a container that this project did not start
 */
export function identityOf(
  prefix: string,
  containerName: string,
  labels: Labels,
): Identity | undefined {
  const label = labels[REPLICA_LABEL];
  if (label === undefined) return undefined;
  if (labels[ROLE_LABEL] !== SPARE) return { name: label, spare: false };
  const own = containerName.replace(/^\//, "").replace(MOVED, "");
  const name = own.startsWith(prefix) ? own.slice(prefix.length) : label;
  return { name, spare: name === label };
}

/** What is asked of the Engine here. */
export interface NamesApi {
  /** Undefined where there is no container of that name or id. */
  inspect(nameOrId: string): Promise<NamedContainer | undefined>;
  rename(id: string, containerName: string): Promise<void>;
}

/** What matters of a container whose name is wanted. */
export interface NamedContainer {
  readonly Id: string;
  readonly Name: string;
  readonly Config: { readonly Labels: Labels };
  readonly State?: { readonly Status?: string };
}

/** A name may be held by something that is on its way in or out and cannot be seen yet. */
const TRIES = 50;
const PAUSE_MS = 20;

/** Frees names for what is to bear them. */
export class DockerNames {
  readonly #api: NamesApi;
  readonly #fleet: string;
  readonly #claims = new Set<{ readonly name: string; readonly done: Promise<unknown> }>();

  /**
   * @param api the Engine
   * @param fleet whose containers may be moved out of the way
   */
  constructor(api: NamesApi, fleet: string) {
    this.#api = api;
    this.#fleet = fleet;
  }

  /**
   * Makes a call that needs a name, and makes way for it only if the Engine refuses.
   *
   * @param containerName the name
   * @param call may fail while the name is in use
   * @throws {EngineError} `name-taken` when somebody else's container has it
   */
  async claim<T>(containerName: string, call: () => Promise<T>): Promise<T> {
    const claim = { name: containerName, done: this.#claim(containerName, call) };
    this.#claims.add(claim);
    try {
      return await claim.done;
    } finally {
      this.#claims.delete(claim);
    }
  }

  /**
   * Waits until nobody claims a name. What is renamed while it is being removed may stay, half
   * removed: the Engine does not keep the two apart.
   *
   * @param containerName the name
   */
  async settled(containerName: string): Promise<void> {
    const claims = [...this.#claims].filter(({ name }) => name === containerName);
    await Promise.allSettled(claims.map(({ done }) => done));
  }

  async #claim<T>(containerName: string, call: () => Promise<T>): Promise<T> {
    for (let tries = 1;; tries++) {
      try {
        return await call();
      } catch (error) {
        if (!nameInUse(error) || tries === TRIES) throw error;
        if (!await this.#moveHolder(containerName, error)) await pause(PAUSE_MS);
      }
    }
  }

  /** @returns whether somebody was moved */
  async #moveHolder(containerName: string, cause: unknown): Promise<boolean> {
    const holder = await this.#api.inspect(containerName);
    if (holder?.Name !== `/${containerName}`) return false;
    if (holder.Config.Labels[FLEET_LABEL] !== this.#fleet) throw nameTaken(containerName, cause);
    // It is on its way out: to rename it now could keep it.
    if (holder.State?.Status === "removing") return false;
    try {
      await this.#api.rename(holder.Id, `${containerName}.old-${holder.Id.slice(0, 8)}`);
      return true;
    } catch (error) {
      // It went away by itself, or another start has just moved it there (400).
      if (nameInUse(error) || [400, 404].includes(statusOf(error) ?? 0)) return false;
      throw error;
    }
  }
}
