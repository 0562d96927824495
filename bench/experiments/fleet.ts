/**
 * A balancer with its replicas, for one experiment.
 *
 * @module
 */
import { ToolError } from "../../tools/tool.ts";
import { BenchBalancer, type EngineName, type Incident, type Status } from "../harness/balancer.ts";
import { eventually } from "../harness/clock.ts";
import { DEFAULT_WAY, settingsOf, type Way } from "./layouts.ts";
import type { Room } from "./room.ts";

/** What a fleet is to be. */
export interface FleetWish {
  readonly replicas: number;
  /** The default where it is not given. */
  readonly way?: Way;
  /** A service of the bench's own in the place of the built-in replica; as processes only. */
  readonly command?: string;
  readonly settings?: Readonly<Record<string, string>>;
}

/** Milliseconds that the first replicas may take. */
const START_MS = 60_000;
/** More than any experiment has, so that the ring's own limit is what they meet. */
const MAX_REPLICAS = 200;

let count = 0;

/** A fleet at work. */
export class Fleet implements AsyncDisposable {
  readonly #balancer: BenchBalancer;

  private constructor(balancer: BenchBalancer) {
    this.#balancer = balancer;
  }

  /**
   * Starts a balancer as `deno task balancer` does, and waits until all replicas are ready.
   *
   * @param room where
   * @param wish what it is to be
   */
  static async start(room: Room, wish: FleetWish): Promise<Fleet> {
    const engine = wish.command === undefined ? room.engine : "process";
    const fleet = `${room.run}-${++count}`;
    const settings = () => settingsFor(wish, engine, room, fleet);
    const balancer = new BenchBalancer({
      name: fleet,
      fleet,
      folder: room.folder,
      engine,
      settings,
    });
    await using stack = new AsyncDisposableStack();
    stack.use(balancer);
    await balancer.start();
    const started = new Fleet(balancer);
    await started.whole(room.signal);
    stack.move();
    return started;
  }

  /** The public port. */
  get port(): number {
    return this.#balancer.port;
  }

  get engine(): EngineName {
    return this.#balancer.engine;
  }

  /** Waits until as many replicas are ready as are wanted. */
  async whole(signal: AbortSignal): Promise<void> {
    const isWhole = async () => {
      const status = await this.#balancer.status();
      return status !== undefined && status.desired > 0 && status.ready === status.desired;
    };
    if (await eventually(isWhole, START_MS, signal)) return;
    throw new ToolError(`the fleet is not whole: ${JSON.stringify(await this.#balancer.status())}`);
  }

  /** `POST /add`. */
  async add(
    hostnames: readonly string[],
    weights?: Readonly<Record<string, number>>,
  ): Promise<void> {
    const body = { n: hostnames.length, hostnames, ...weights && { weights } };
    await this.#must("POST", "/add", body);
  }

  /** `DELETE /rm`. */
  async remove(hostnames: readonly string[]): Promise<void> {
    await this.#must("DELETE", "/rm", { n: hostnames.length, hostnames });
  }

  /** Makes a call of the API, whatever it answers. */
  call(method: string, path: string, body: unknown): Promise<{ status: number; text: string }> {
    return this.#balancer.call(method, path, body);
  }

  /** `GET /_lb/status`. */
  async status(): Promise<Status> {
    const status = await this.#balancer.status();
    if (status) return status;
    throw new ToolError("the balancer does not answer GET /_lb/status");
  }

  /** The record of an instance's failure, if there is one. */
  incident(instance: string): Promise<Incident | undefined> {
    return this.#balancer.incident(instance);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#balancer[Symbol.asyncDispose]();
  }

  async #must(method: string, path: string, body: unknown): Promise<void> {
    const { status, text } = await this.call(method, path, body);
    if (status !== 200) throw new ToolError(`${method} ${path}: ${status} ${text}`);
  }
}

function settingsFor(wish: FleetWish, engine: EngineName, room: Room, fleet: string) {
  const { replicas, way = DEFAULT_WAY, command, settings = {} } = wish;
  return {
    LB_REPLICAS: String(replicas),
    LB_MAX_REPLICAS: String(MAX_REPLICAS),
    ...settingsOf(way),
    ...engine === "docker" ? containers(room, fleet) : {},
    // The fleet as last argument: by it the bench sees whether a process was left behind.
    ...command === undefined ? {} : { LB_REPLICA_COMMAND: `${command} ${fleet}` },
    ...settings,
  };
}

function containers(room: Room, fleet: string): Record<string, string> {
  return { LB_CONTAINER_PREFIX: `${fleet}-`, LB_DOCKER_NETWORK: room.run };
}
