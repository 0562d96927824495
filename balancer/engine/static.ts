/**
 * An engine for servers that the balancer does not run: it has their addresses, and starts and
 * stops nothing.
 *
 * @module
 */
import type { GivenUpstream } from "../upstream_list.ts";
import { addressText } from "../view.ts";
import type { Engine, EngineEvent, Instance, Launch, Remains, Template, Watch } from "./engine.ts";
import { EngineError } from "./engine.ts";

/** Lists the upstreams that it was given. */
export class StaticEngine implements Engine {
  readonly kind = "static";
  readonly ownsInstances = false;
  #instances: readonly Instance[] = [];
  /** Number of instances so far: an upstream that returns is a new instance. */
  #made = 0;

  /** @param upstreams names and addresses, each name once */
  constructor(upstreams: readonly GivenUpstream[]) {
    this.setUpstreams(upstreams);
  }

  setUpstreams(upstreams: readonly GivenUpstream[]): readonly Instance[] {
    const known = new Map(this.#instances.map((one) => [keyOf(one), one]));
    this.#instances = upstreams.map((one) => known.get(keyOf(one)) ?? this.#make(one));
    return this.#instances;
  }

  #make({ name, address }: GivenUpstream): Instance {
    const id = `static:${addressText(address)}:${name}#${++this.#made}`;
    return { id, name, spare: false, address, startedAt: Date.now() };
  }

  /** Without images there is nothing to resolve. */
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

  /** Returns nothing: the output of such a server goes elsewhere. */
  readOutputTail(_id: string): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  /** Always unknown: another program starts and watches such a server. */
  ending(_id: string, _withinMs: number): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  /** Accepts an upstream that is no longer in the list; any other cannot be stopped. */
  stop(id: string, _graceMs: number): Promise<void> {
    const listed = this.#instances.some((one) => one.id === id);
    return listed ? Promise.reject(unsupported(`cannot stop ${id}`)) : Promise.resolve();
  }

  list(): Promise<readonly Instance[]> {
    return Promise.resolve(this.#instances);
  }

  /** Returns nothing: servers that do not run belong to their owner. */
  remains(): Promise<readonly Remains[]> {
    return Promise.resolve([]);
  }

  /** Never reports: only a connection shows whether such a server runs. */
  watch(_listener: (event: EngineEvent) => void): Promise<Watch> {
    return Promise.resolve({ close: () => {} });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function keyOf({ name, address }: Pick<Instance, "name" | "address">): string {
  return `${name}=${addressText(address)}`;
}

function unsupported(what: string): EngineError {
  return new EngineError(
    "unsupported",
    `${what}: the balancer only knows the addresses in LB_UPSTREAMS and runs none of those ` +
      `servers; LB_ENGINE=docker or LB_ENGINE=process runs its own`,
  );
}
