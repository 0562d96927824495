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

/** A name whose container was moved away (`old`), or could not have the name itself (`new`). */
const MOVED = /\.(?:old|new)-[0-9a-f]{8}$/;

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
   * Makes a call that needs a name, and moves the holder of the name away only if the Engine refuses.
   * A holder of this fleet that can neither be removed nor renamed keeps the name: the call is made
   * with a name beside it then, by which {@linkcode identityOf} knows the container as well.
   *
   * @param containerName the name
   * @param call given the name to use; may fail while the name is in use
   * @throws {EngineError} `name-taken` when somebody else's container has it
   */
  async claim<T>(containerName: string, call: (name: string) => Promise<T>): Promise<T> {
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

  async #claim<T>(containerName: string, call: (name: string) => Promise<T>): Promise<T> {
    for (let tries = 1;; tries++) {
      try {
        return await call(containerName);
      } catch (error) {
        if (!nameInUse(error)) throw error;
        const outcome = await this.#moveHolder(containerName, error);
        if (outcome === "stuck" || (outcome === "leaving" && tries === TRIES)) {
          return await call(besideOf(containerName));
        }
        if (tries === TRIES) throw error;
        if (outcome !== "moved") await pause(PAUSE_MS);
      }
    }
  }

  /** @returns what became of the container that has the name */
  async #moveHolder(containerName: string, cause: unknown): Promise<HolderOutcome> {
    const holder = await this.#api.inspect(containerName);
    if (holder?.Name !== `/${containerName}`) return "unseen";
    if (holder.Config.Labels[FLEET_LABEL] !== this.#fleet) throw nameTaken(containerName, cause);
    // A rename during its removal could keep the container.
    if (holder.State?.Status === "removing") return "leaving";
    try {
      await this.#api.rename(holder.Id, `${containerName}.old-${holder.Id.slice(0, 8)}`);
      return "moved";
    } catch (error) {
      // It went away by itself, or another start has just moved it there (400).
      if ([400, 404].includes(statusOf(error) ?? 0)) return "unseen";
      // Its removal has just begun.
      if (nameInUse(error)) return "leaving";
      // An Engine that is away or silent has no status: then no other name helps.
      if (statusOf(error) === undefined) throw error;
      return "stuck";
    }
  }
}

/**
 * What became of the holder of a name: renamed; not there, or gone meanwhile; being removed; or it
 * cannot be renamed, as where its folder cannot be written.
 */
type HolderOutcome = "moved" | "unseen" | "leaving" | "stuck";

function besideOf(containerName: string): string {
  return `${containerName}.new-${crypto.randomUUID().slice(0, 8)}`;
}
