/**
 * An engine for servers that somebody else runs: their addresses are given, nothing is started and
 * nothing is stopped.
 *
 * @module
 */
import type { Address } from "../view.ts";
import type { Engine, EngineEvent, Instance, Watch } from "./engine.ts";
import { EngineError } from "./engine.ts";

/** Lists the servers that it was given, as `Server1`, `Server2` and so on in their order. */
export class StaticEngine implements Engine {
  readonly kind = "static";
  readonly ownsInstances = false;
  readonly #instances: readonly Instance[];

  /** @param addresses where the servers listen */
  constructor(addresses: readonly Address[]) {
    const startedAt = Date.now();
    this.#instances = addresses.map((address, index) => {
      const name = `Server${index + 1}`;
      return { id: `static:${address.hostname}:${address.port}:${name}`, name, address, startedAt };
    });
  }

  start(name: string): Promise<Instance> {
    return Promise.reject(unsupported(`cannot start ${name}`));
  }

  stop(id: string, _graceMs: number): Promise<void> {
    return Promise.reject(unsupported(`cannot stop ${id}`));
  }

  list(): Promise<readonly Instance[]> {
    return Promise.resolve(this.#instances);
  }

  /** Never reports: whether such a server runs shows when it is asked. */
  watch(_listener: (event: EngineEvent) => void): Promise<Watch> {
    return Promise.resolve({ close: () => {} });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function unsupported(what: string): EngineError {
  return new EngineError(
    "unsupported",
    `${what}: the balancer only knows the addresses in LB_UPSTREAMS and runs none of those ` +
      `servers; LB_ENGINE=docker or LB_ENGINE=process runs its own`,
  );
}
