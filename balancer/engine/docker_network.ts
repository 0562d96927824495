/**
 * The network of a fleet's containers (Docker Engine API v1.40, `/networks`).
 *
 * @module
 */
import { networkMissing, statusOf } from "./docker_errors.ts";
import { FLEET_LABEL } from "./docker_names.ts";

/**
 * Makes a call to the Engine in bounded time, with its errors as engine errors.
 *
 * @param action the call, for the message
 * @param call the call
 */
export type Ask = <T>(action: string, call: () => Promise<T>) => Promise<T>;

/** The calls to the Engine that this module needs. */
export interface NetworkApi {
  createNetwork(options: {
    Name: string;
    Driver: string;
    Attachable?: boolean;
    CheckDuplicate: boolean;
    Labels: Record<string, string>;
  }): Promise<unknown>;
  getNetwork(name: string): {
    inspect(): Promise<NetworkInfo>;
    remove(): Promise<unknown>;
  };
}

/** The fields of a network that are used. */
interface NetworkInfo {
  readonly Labels?: Readonly<Record<string, string>> | undefined;
  readonly Containers?: Readonly<Record<string, unknown>> | undefined;
  readonly IPAM?: { readonly Config?: readonly AddressRange[] | null | undefined } | undefined;
}

interface AddressRange {
  readonly Subnet?: string | undefined;
}

/** The kind of network that is created. */
interface NetworkKind {
  readonly Driver: "bridge" | "overlay";
  /** Whether containers that are not part of a service may join. */
  readonly Attachable?: boolean;
}

/** Creates the network if it is missing, and removes only a network that it created. */
export class DockerNetwork {
  readonly #api: NetworkApi;
  readonly #ask: Ask;
  readonly #name: string;
  readonly #fleet: string;
  readonly #kind: NetworkKind;
  #ensuring: Promise<void> | undefined;
  #subnets: readonly string[] | undefined;

  /**
   * @param api calls to the Engine
   * @param ask makes the calls of this module in bounded time
   * @param name name of the network
   * @param fleet value of the label of a network that is created here
   * @param kind kind of network that is created
   */
  constructor(
    api: NetworkApi,
    ask: Ask,
    name: string,
    fleet: string,
    kind: NetworkKind = { Driver: "bridge" },
  ) {
    this.#api = api;
    this.#ask = ask;
    this.#name = name;
    this.#fleet = fleet;
    this.#kind = kind;
  }

  /**
   * Makes a call that needs the network. The network is created before the first call, and again if
   * the Engine reports it as missing: a network without containers may be pruned.
   *
   * @param call the call; made twice if the network was missing
   */
  async with<T>(call: () => Promise<T>): Promise<T> {
    const ensured = this.#ensured();
    await ensured;
    try {
      return await call();
    } catch (error) {
      if (!networkMissing(error)) throw error;
    }
    // Forget only the network that this call used: another call may have created it again already.
    if (this.#ensuring === ensured) this.#ensuring = undefined;
    await this.#ensured();
    return await call();
  }

  /**
   * Address ranges of the network in CIDR notation, none if it does not exist; undefined before the
   * Engine was asked. Known before the first container starts.
   */
  get subnets(): readonly string[] | undefined {
    return this.#subnets;
  }

  /** Reads the address ranges, unless they are known. */
  async learn(): Promise<void> {
    if (this.#subnets === undefined) this.#note(await this.#inspect());
  }

  /** Removes the network if this fleet created it and no container is attached. */
  async remove(): Promise<void> {
    this.#ensuring = undefined;
    const found = await this.#inspect();
    if (found?.Labels?.[FLEET_LABEL] !== this.#fleet) return;
    if (Object.keys(found.Containers ?? {}).length > 0) return;
    await unless([403, 404], this.#api.getNetwork(this.#name).remove());
  }

  /** Creates the network. Concurrent calls share the result; failures are not kept. */
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
    const spec = { Name: this.#name, ...this.#kind, CheckDuplicate: true, Labels };
    // 409: another balancer created it first.
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
 * Makes a call and accepts some error statuses.
 *
 * @param statuses HTTP statuses that are no error
 * @param call the call
 * @returns the result of the call; undefined if it failed with one of the statuses
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
