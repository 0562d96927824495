/**
 * Several fleets of one process that share a memory store and an in-memory engine, on one manual
 * clock. A balancer can be stopped as by SIGSTOP, cut off from the store, or killed.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import { Cluster } from "../cluster/cluster.ts";
import { MemoryStores } from "../cluster/memory_store.ts";
import type { PeerTransport } from "../cluster/peer_transport.ts";
import type { SharedStore, SharedStores } from "../cluster/shared_store.ts";
import type { Availability, Engine, EngineEvent, Instance, Launch } from "../engine/engine.ts";
import { LeasedEngine } from "../engine/leased_engine.ts";
import { MemoryEngine } from "../engine/memory.ts";
import type { DataPlane, View } from "../view.ts";
import { Fleet } from "./fleet.ts";
import type { Member } from "./member/member.ts";
import type { FleetPolicy } from "./member/policy.ts";
import { ChangeLock } from "./operations/change_lock.ts";
import { Deploys } from "./operations/deploy.ts";
import { Machines } from "./operations/machines.ts";
import { Membership } from "./operations/membership.ts";
import { NO_STORE } from "./store/store.ts";
import { Port } from "./shared_harness_port.ts";
import { quietLog, TestFailures, testPolicy } from "./testing.ts";
import { TEST_SHAPE } from "./harness.ts";

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
}

/** Turns of the microtask queue after which everything that needs no time is done. */
const TURNS = 40;

/** A clock without real time, much faster than simulated timers of the runtime. */
class ManualTime {
  #now = 0;
  #order = 0;
  readonly #timers = new Set<Timer>();

  get now(): number {
    return this.#now;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.#now + Math.max(0, Math.ceil(ms)), order: this.#order++, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Moves the clock forward, and runs each timer and all that it causes. */
  async turn(ms: number, watch: () => void = () => {}): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#now = next.at;
      this.#timers.delete(next);
      next.callback();
      await settle();
      watch();
    }
    this.#now = end;
  }

  #next(end: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.at > end) continue;
      if (!first || timer.at < first.at || (timer.at === first.at && timer.order < first.order)) {
        first = timer;
      }
    }
    return first;
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) await Promise.resolve();
}

/** Several balancers' fleets and their world. */
export class SharedHarness {
  readonly time = new ManualTime();
  readonly stores = new MemoryStores();
  readonly engine = new MemoryEngine((name) => ({ hostname: name, port: 1 }));
  readonly balancers: BalancerHarness[] = [];
  /** Milliseconds that the engine takes for a start. */
  startMs = 300;
  /** The port of each balancer with messages, and the receiver of its messages. */
  readonly peers = new Map<string, { readonly port: Port; deliver: (text: string) => boolean }>();
  /** Hosts that refuse connections, although the engine has not reported their end. */
  readonly deaf = new Set<string>();
  /** Whether balancers that start from now on exchange messages. */
  messages = true;
  /** The machines of the engine with their availability; none by default. */
  readonly machines = new Map<string, Availability>();
  /** The machine of each instance. */
  readonly #placed = new Map<string, string>();
  /** Whether the store answers no balancer, as a swarm without a leader. */
  storeAway = false;
  /** Milliseconds that a message takes. */
  messageMs = 1;

  /** Starts another balancer. */
  async add(policy: Partial<FleetPolicy> = {}): Promise<BalancerHarness> {
    const balancer = new BalancerHarness(this, `b${this.balancers.length}`, policy);
    this.balancers.push(balancer);
    const opened = balancer.fleet.open();
    opened.catch(() => {});
    for (let tries = 0; tries < 100; tries++) {
      await this.time.turn(50);
      if (await Promise.race([opened.then(() => true), Promise.resolve(false)])) break;
    }
    return balancer;
  }

  /** Places a new instance on the open machine with the fewest instances. */
  place(instance: Instance): Instance {
    const open = [...this.machines].filter(([, availability]) => availability === "active");
    const count = (machine: string) =>
      [...this.#placed.values()].filter((one) => one === machine).length;
    const [machine] = open.map(([name]) => name).toSorted((a, b) => count(a) - count(b));
    if (machine !== undefined && !this.#placed.has(instance.id)) {
      this.#placed.set(instance.id, machine);
    }
    return this.located(instance);
  }

  /** The instance with its machine. */
  located(instance: Instance): Instance {
    const machine = this.#placed.get(instance.id);
    return machine === undefined ? instance : { ...instance, machine };
  }

  /** The balancers that live, stopped or not. */
  get living(): readonly BalancerHarness[] {
    return this.balancers.filter(({ port }) => !port.dead);
  }

  /** Ids of the balancers that would start or stop instances at this moment. */
  get healers(): readonly string[] {
    return this.living.filter(({ fleet }) => fleet.mayHeal).map(({ id }) => id);
  }

  /** Names of the running instances. */
  async running(): Promise<string[]> {
    return (await this.engine.list()).map(({ name }) => name).sort();
  }
}

/** One balancer of several. */
export class BalancerHarness {
  readonly port: Port;
  readonly failures = new TestFailures();
  readonly views: View[] = [];
  /** Hosts that refuse the connections of this balancer alone. */
  readonly unreachable = new Set<string>();
  readonly fleet: Fleet;
  readonly cluster: Cluster;
  readonly membership: Membership;
  readonly deploys: Deploys;
  readonly operations: Machines;
  readonly #world: SharedHarness;

  constructor(world: SharedHarness, readonly id: string, policy: Partial<FleetPolicy>) {
    this.#world = world;
    this.port = new Port(() => world.storeAway);
    const { port, failures } = this;
    const clock: Clock = {
      now: () => world.time.now,
      wallClock: (instant) => instant,
      after: (ms, callback) => world.time.after(ms, () => port.run(callback)),
    };
    const cluster = this.cluster = new Cluster({
      self: { id, host: "h", pid: 1 },
      stores: this.#stores(),
      clock,
      leaseMs: 3000,
      failures,
    });
    if (world.messages) cluster.connect(this.#transport());
    const engine = new LeasedEngine(this.#engine(), () => cluster.holds);
    const dataPlane: DataPlane = {
      publish: (view) => {
        this.views.push(view);
        queueMicrotask(() => port.run(() => this.fleet.applied(view.version)));
      },
      idle: () => port.answer(Promise.resolve(true)),
      inFlight: () => 0,
    };
    this.fleet = new Fleet({
      engine,
      dataPlane,
      shape: TEST_SHAPE,
      policy: testPolicy({ rampsSlots: false, ...policy }),
      desired: 3,
      limit: 8,
      probe: (address) => port.answer(this.#probe("hostname" in address ? address.hostname : "")),
      clock,
      store: NO_STORE,
      cluster,
      settings: {},
      log: quietLog,
      failures,
    });
    const changeLock = new ChangeLock();
    const { now } = clock;
    this.membership = new Membership({ fleet: this.fleet, changeLock, changeable: true, now });
    this.deploys = new Deploys({ fleet: this.fleet, engine, changeLock, now });
    this.operations = new Machines({ fleet: this.fleet, engine, changeLock, now });
    this.fleet.onHealing = () => {
      void this.deploys.resume().catch(() => {});
      void this.operations.resume().catch(() => {});
    };
  }

  /** Ends at once, without a word. */
  kill(): void {
    this.port.dead = true;
    this.fleet.crash();
  }

  member(name: string): Member | undefined {
    return this.fleet.members.find((member) => member.name === name);
  }

  /** The state that the balancer routes by: epoch, digest, and the instance of each ready replica. */
  routing(): string {
    const { epoch, ring, ready } = this.fleet.view;
    const instances = [...ready].map(([name, { instance }]) => `${name}=${instance}`).sort();
    return `${epoch} ${ring.digest} ${instances.join()}`;
  }

  async #probe(hostname: string): Promise<{ reason: string; refused: boolean } | undefined> {
    const running = await this.#world.engine.list();
    const answers =
      running.some(({ address }) => "hostname" in address && address.hostname === hostname) &&
      !this.#world.deaf.has(hostname) && !this.unreachable.has(hostname);
    return answers ? undefined : { reason: "refused", refused: true };
  }

  /** Messages of a balancer that is cut off are lost; a stopped one gets them later. */
  #transport(): PeerTransport {
    const { port, id } = this;
    const world = this.#world;
    return {
      addresses: [`${id}:1`],
      send: async (to, text) => {
        const arrived = Promise.withResolvers<void>();
        world.time.after(world.messageMs, arrived.resolve);
        await arrived.promise;
        const peer = world.peers.get(to.id);
        if (port.cut || !peer || peer.port.cut || peer.port.dead) throw new Error("no answer");
        peer.port.run(() => void peer.deliver(text));
      },
      listen: (deliver) => void world.peers.set(id, { port, deliver }),
      close: () => void world.peers.delete(id),
    };
  }

  #stores(): SharedStores {
    const { port } = this;
    const { stores } = this.#world;
    const wrap = (store: SharedStore): SharedStore => ({
      load: () => port.store(() => store.load()),
      save: (value, epoch) => port.store(() => store.save(value, epoch)),
      watch: (onChange) => store.watch(() => port.cut || port.run(onChange)),
    });
    return {
      open: (name) => wrap(stores.open(name)),
      names: () => port.store(() => stores.names()),
      remove: (name) => port.store(() => stores.remove(name)),
      watchAll: (onChange) => stores.watchAll((name) => port.cut || port.run(() => onChange(name))),
      close: () => {},
    };
  }

  /** A start takes time, and goes on in the engine if its balancer is stopped or dies. */
  #engine(): Engine {
    const { port } = this;
    const world = this.#world;
    const { engine, time } = world;
    const start = async (launch: Launch): Promise<Instance> => {
      const started = Promise.withResolvers<void>();
      time.after(this.#world.startMs, started.resolve);
      await started.promise;
      return world.place(await engine.start(launch));
    };
    return {
      kind: "memory",
      ownsInstances: true,
      pin: (template) => engine.pin(template),
      start: (launch) => port.answer(start(launch)),
      rename: (id, name) => port.answer(engine.rename(id, name)),
      kill: (id) => port.answer(engine.kill(id)),
      readOutputTail: (id) => port.answer(engine.readOutputTail(id)),
      ending: (id, ms) => port.answer(engine.ending(id, ms)),
      stop: (id, graceMs, onStopped) => port.answer(engine.stop(id, graceMs, onStopped)),
      machines: () => {
        const all = [...world.machines].map(([name, availability]) => (
          { name, state: "ready", availability }
        ));
        return port.answer(Promise.resolve(all));
      },
      setAvailability: (machine, availability) => {
        world.machines.set(machine, availability);
        return port.answer(Promise.resolve());
      },
      list: () => port.answer(engine.list().then((all) => all.map((one) => world.located(one)))),
      remains: () => port.answer(engine.remains()),
      watch: (listener) => engine.watch((event: EngineEvent) => port.run(() => listener(event))),
      close: () => Promise.resolve(),
    };
  }
}
