/**
 * A balancer with tokens, which an attack starts for itself.
 *
 * @module
 */
import { Balancer, type Status } from "../../tests/harness/balancer.ts";
import { within } from "../../tests/harness/raw/within.ts";

/** The tokens, which no attacker knows. */
const ADMIN_TOKEN = "admin-token-that-no-attacker-knows";
const READ_TOKEN = "read-token-that-no-attacker-knows";

const READY_MS = 60_000;

/** The end of a balancer: exit code and log. */
interface End {
  readonly code: number;
  /** The whole log. */
  readonly output: string;
}

/** A balancer whose API requires tokens. */
export class Target implements AsyncDisposable {
  readonly balancer: Balancer;
  #end: Promise<End> | undefined;

  private constructor(balancer: Balancer) {
    this.balancer = balancer;
  }

  /**
   * Starts a balancer and waits until its replicas are ready.
   *
   * @param env its settings, besides the tokens
   * @param openFiles its limit of open files
   */
  static async start(env: Record<string, string>, openFiles?: number): Promise<Target> {
    const tokens = { LB_ADMIN_TOKEN: ADMIN_TOKEN, LB_READ_TOKEN: READ_TOKEN };
    const settings = { LB_MAX_CONNECTIONS_PER_CLIENT: "0", ...tokens, ...env };
    const target = new Target(await Balancer.start(settings, openFiles));
    try {
      await within("ready replicas", target.#ready(), READY_MS);
      return target;
    } catch (error) {
      await target.end();
      throw error;
    }
  }

  /** The public port. */
  get port(): number {
    return portOf(this.balancer.url);
  }

  /** The port of the API: its own, or the public one. */
  get apiPort(): number {
    return portOf(this.balancer.own || this.balancer.url);
  }

  /** Reads from the API, with the token. */
  async read(path: string): Promise<unknown> {
    const headers = { authorization: `Bearer ${READ_TOKEN}` };
    const response = await fetch(`http://127.0.0.1:${this.apiPort}${path}`, { headers });
    if (response.ok) return await response.json();
    throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
  }

  async status(): Promise<Status> {
    return await this.read("/_lb/status") as Status;
  }

  /** Ends the balancer as an operator does; a second call has no effect. */
  end(): Promise<End> {
    return this.#end ??= this.balancer.end("SIGTERM");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }

  async #ready(): Promise<void> {
    for (;;) {
      const { desired, ready } = await this.status();
      if (desired > 0 && desired === ready) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}
