/**
 * The bridge network that a fleet's containers join (Docker Engine API v1.40, `/networks`).
 *
 * @module
 */
import { networkMissing, statusOf } from "./docker_errors.ts";
import { FLEET_LABEL } from "./docker_names.ts";

/**
 * Makes a call to the Engine, in limited time and with its failures as engine errors.
 *
 * @param action what is done, for the message
 * @param call to make
 */
export type Ask = <T>(action: string, call: () => Promise<T>) => Promise<T>;

/** What is asked of the Engine here. */
export interface NetworkApi {
  createNetwork(options: {
    Name: string;
    Driver: string;
    CheckDuplicate: boolean;
    Labels: Record<string, string>;
  }): Promise<unknown>;
  getNetwork(name: string): {
    inspect(): Promise<NetworkInfo>;
    remove(): Promise<unknown>;
  };
}

/** What matters of a network. */
interface NetworkInfo {
  readonly Labels?: Readonly<Record<string, string>> | undefined;
  readonly Containers?: Readonly<Record<string, unknown>> | undefined;
  readonly IPAM?: { readonly Config?: readonly AddressRange[] | null | undefined } | undefined;
}

interface AddressRange {
  readonly Subnet?: string | undefined;
}

/** Makes the network when it is missing, and takes away only what it made. */
export class DockerNetwork {
  readonly #api: NetworkApi;
  readonly #ask: Ask;
  readonly #name: string;
  readonly #fleet: string;
  #ensuring: Promise<void> | undefined;
  #subnets: readonly string[] | undefined;

  /**
   * @param api the Engine
   * @param ask for calls that nobody else wraps
   * @param name the network's name
   * @param fleet the label's value on a network that is made here
   */
  constructor(api: NetworkApi, ask: Ask, name: string, fleet: string) {
    this.#api = api;
    this.#ask = ask;
    this.#name = name;
    this.#fleet = fleet;
  }

  /**
   * Makes a call that needs the network. That is made sure of before the first one; and again where
   * the Engine says that it is missing, for a network without containers may be pruned.
   *
   * @param call to make; twice where the network was missing
   */
  async with<T>(call: () => Promise<T>): Promise<T> {
    const ensured = this.#ensured();
    await ensured;
    try {
      return await call();
    } catch (error) {
      if (!networkMissing(error)) throw error;
    }
    // Only what this call relied on: another may have had the network made anew since.
    if (this.#ensuring === ensured) this.#ensuring = undefined;
    await this.#ensured();
    return await call();
  }

  /**
   * The address ranges of the network in CIDR notation, none where it does not exist; undefined
   * before the Engine was asked. Known before a container is started in the network.
   */
  get subnets(): readonly string[] | undefined {
    return this.#subnets;
  }

  /** Asks for the address ranges, unless they are known. */
  async learn(): Promise<void> {
    if (this.#subnets === undefined) this.#note(await this.#inspect());
  }

  /** Removes the network if this fleet made it and no container is attached. */
  async remove(): Promise<void> {
    this.#ensuring = undefined;
    const found = await this.#inspect();
    if (found?.Labels?.[FLEET_LABEL] !== this.#fleet) return;
    if (Object.keys(found.Containers ?? {}).length > 0) return;
    await unless([403, 404], this.#api.getNetwork(this.#name).remove());
  }

  /** Calls at the same time share one answer; a failure is not kept. */
  #ensured(): Promise<void> {
    const ensure = () => this.#ensure();
    this.#ensuring ??= this.#ask(`have the network ${this.#name}`, ensure).catch((error) => {
      this.#ensuring = undefined;
      throw error;
    });
    return this.#ensuring;
  }

  async #ensure(): Promise<void> {
    const found = await this.#inspect();
    if (found) return this.#note(found);
    const Labels = { [FLEET_LABEL]: this.#fleet };
    const spec = { Name: this.#name, Driver: "bridge", CheckDuplicate: true, Labels };
    // 409: another balancer was faster.
    await unless([409], this.#api.createNetwork(spec));
    this.#note(await this.#inspect());
  }

  #note(network: NetworkInfo | undefined): void {
    const ranges = network?.IPAM?.Config ?? [];
    this.#subnets = ranges.flatMap(({ Subnet = "" }) => Subnet === "" ? [] : [Subnet]);
  }

  #inspect(): Promise<NetworkInfo | undefined> {
    return unless([404], this.#api.getNetwork(this.#name).inspect());
  }
}

/**
 * Takes some answers of the Engine for good ones.
 *
 * @param statuses HTTP statuses that are fine
 * @param call what may fail with one of them
 * @returns what the call returns; undefined when it failed with one of them
 */
export async function unless<T>(
  statuses: readonly number[],
  call: Promise<T>,
): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (statuses.includes(statusOf(error) ?? 0)) return undefined;
    throw error;
  }
}
