/**
 * Names of containers: which instance a container is, and how a name is freed.
 *
 * The labels of a container never change. A container that was started under a replica's name is
 * identified by its label. A spare's container is identified by its own name: the Engine keeps that
 * name, so a balancer that did not make the rename knows it too.
 *
 * @module
 */
import { pause } from "./deadline.ts";
import { nameInUse, nameTaken, statusOf } from "./docker_errors.ts";
import type { Launch } from "./engine.ts";

/** Label with the fleet. Containers without the fleet's value are never touched. */
export const FLEET_LABEL = "ringkeeper.fleet";

/** Label with the name of the start: a replica's, or a spare's own. */
export const REPLICA_LABEL = "ringkeeper.replica";

/** Label with the {@linkcode Template} of the instance as JSON, including its image's id. */
export const TEMPLATE_LABEL = "ringkeeper.template";

/** Label of containers that were started as spares. */
export const ROLE_LABEL = "ringkeeper.role";

/** Value of {@linkcode ROLE_LABEL}. */
export const SPARE = "spare";

/** Suffix of a container that was moved away (`old`), or did not get the name itself (`new`). */
const MOVED = /\.(?:old|new)-[0-9a-f]{8}$/;

type Labels = Readonly<Record<string, string>>;

/** The instance that a container is. */
interface Identity {
  readonly name: string;
  readonly spare: boolean;
}

/**
 * Returns the labels of a container.
 *
 * @param fleet the fleet
 * @param launch the instance to start
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
 * Identifies a container.
 *
 * @param prefix prefix of container names
 * @param containerName name of the container, with or without the API's leading slash
 * @param labels labels of the container
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

/** The calls to the Engine that this module needs. */
interface NamesApi {
  /** Returns a container; undefined if it does not exist. */
  inspect(nameOrId: string): Promise<NamedContainer | undefined>;
  rename(id: string, containerName: string): Promise<void>;
  /** Removes a container, running or not. */
  remove(id: string): Promise<void>;
}

/** The name belongs to a running instance that another balancer of the fleet started. */
export class StartedElsewhereError extends Error {
  override readonly name = "StartedElsewhereError";

  /** @param id id of the container */
  constructor(readonly id: string) {
    super(`another balancer started ${id}`);
  }
}

/** The fields of a container that are used. */
export interface NamedContainer {
  readonly Id: string;
  readonly Name: string;
  readonly Config: { readonly Labels: Labels };
  readonly State?: { readonly Status?: string };
}

/** Number of attempts: the holder of a name may be in creation or removal and not visible. */
const TRIES = 50;
const PAUSE_MS = 20;

/** Frees names for containers. */
export class DockerNames {
  readonly #api: NamesApi;
  readonly #fleet: string;
  readonly #claims = new Set<{ readonly name: string; readonly done: Promise<unknown> }>();

  /**
   * @param api calls to the Engine
   * @param fleet the fleet whose containers may be renamed
   */
  constructor(api: NamesApi, fleet: string) {
    this.#api = api;
    this.#fleet = fleet;
  }

  /**
   * Makes a call that needs a name, and renames the present holder only if the Engine refuses the
   * call. A holder of this fleet that can neither be removed nor renamed keeps the name; the call
   * is then made with another name that {@linkcode identityOf} recognises as well.
   *
   * @param containerName the name
   * @param call called with the name to use; may fail while the name is in use
   * @param known ids of the fleet's containers that may have the name, if several balancers may
   *   start containers: any other holder is another balancer's
   * @throws {EngineError} `name-taken`: a container of another owner has the name
   * @throws {StartedElsewhereError} another balancer's container runs under the name
   */
  async claim<T>(
    containerName: string,
    call: (name: string) => Promise<T>,
    known?: readonly string[],
  ): Promise<T> {
    const claim = { name: containerName, done: this.#claim(containerName, call, known) };
    this.#claims.add(claim);
    try {
      return await claim.done;
    } finally {
      this.#claims.delete(claim);
    }
  }

  /**
   * Waits until no call claims the name. A container that is renamed during its removal may stay
   * half removed.
   *
   * @param containerName the name
   */
  async settled(containerName: string): Promise<void> {
    const claims = [...this.#claims].filter(({ name }) => name === containerName);
    await Promise.allSettled(claims.map(({ done }) => done));
  }

  async #claim<T>(
    containerName: string,
    call: (name: string) => Promise<T>,
    known?: readonly string[],
  ): Promise<T> {
    for (let tries = 1;; tries++) {
      try {
        return await call(containerName);
      } catch (error) {
        if (!nameInUse(error)) throw error;
        const outcome = await this.#moveHolder(containerName, error, known);
        // Its balancer was stopped before it could start it.
        if (outcome === "starting" && tries === TRIES) await this.#removeUnstarted(containerName);
        if (outcome === "stuck" || (outcome === "leaving" && tries === TRIES)) {
          return await call(besideOf(containerName));
        }
        if (tries > TRIES || (tries === TRIES && outcome !== "starting")) throw error;
        if (outcome !== "moved") await pause(PAUSE_MS);
      }
    }
  }

  async #removeUnstarted(containerName: string): Promise<void> {
    const holder = await this.#api.inspect(containerName);
    if (holder?.State?.Status === "created") await this.#api.remove(holder.Id);
  }

  /** Renames the holder of a name. @returns what became of the holder */
  async #moveHolder(
    containerName: string,
    cause: unknown,
    known?: readonly string[],
  ): Promise<HolderOutcome> {
    const holder = await this.#api.inspect(containerName);
    if (holder?.Name !== `/${containerName}`) return "unseen";
    if (holder.Config.Labels[FLEET_LABEL] !== this.#fleet) throw nameTaken(containerName, cause);
    // A rename during the removal could keep the container.
    if (holder.State?.Status === "removing") return "leaving";
    if (known && !known.includes(holder.Id)) {
      if (holder.State?.Status === "running") throw new StartedElsewhereError(holder.Id);
      if (holder.State?.Status === "created") return "starting";
    }
    try {
      await this.#api.rename(holder.Id, `${containerName}.old-${holder.Id.slice(0, 8)}`);
      return "moved";
    } catch (error) {
      // The holder is gone (404), or another start has just renamed it (400).
      if ([400, 404].includes(statusOf(error) ?? 0)) return "unseen";
      // Its removal has just begun.
      if (nameInUse(error)) return "leaving";
      // An unreachable Engine has no status; another name does not help then.
      if (statusOf(error) === undefined) throw error;
      return "stuck";
    }
  }
}

/**
 * The holder of a name: being started by another balancer; renamed; not found; in removal; or impossible to rename, for example
 * because its folder cannot be written.
 */
type HolderOutcome = "starting" | "moved" | "unseen" | "leaving" | "stuck";

function besideOf(containerName: string): string {
  return `${containerName}.new-${crypto.randomUUID().slice(0, 8)}`;
}
