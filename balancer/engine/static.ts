/**
 * An engine for servers that somebody else runs: their addresses are given, nothing is started and
 * nothing is stopped.
 *
 * @module
 */
import type { Address } from "../view.ts";
import type { Engine, EngineEvent, Instance, Launch, Remains, Template, Watch } from "./engine.ts";
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
      const id = `static:${address.hostname}:${address.port}:${name}`;
      return { id, name, spare: false, address, startedAt };
    });
  }

  /** Without images there is nothing to find out. */
  pin(template: Template): Promise<Template> {
    return Promise.resolve(template);
  }

  start({ name }: Launch): Promise<Instance> {
    return Promise.reject(unsupported(`cannot start ${name}`));
  }

  rename(id: string, name: string): Promise<void> {
    return Promise.reject(unsupported(`cannot give ${id} the name ${name}`));
  }

  kill(id: string): Promise<void> {
    return Promise.reject(unsupported(`cannot kill ${id}`));
  }

  /** None: what such a server writes goes elsewhere. */
  lastWords(_id: string): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  /** Never known: such a server is watched by whoever runs it. */
  ending(_id: string, _withinMs: number): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  stop(id: string, _graceMs: number): Promise<void> {
    return Promise.reject(unsupported(`cannot stop ${id}`));
  }

  list(): Promise<readonly Instance[]> {
    return Promise.resolve(this.#instances);
  }

  /** None: what does not run is somebody else's business. */
  remains(): Promise<readonly Remains[]> {
    return Promise.resolve([]);
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
