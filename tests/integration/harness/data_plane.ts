/**
 * The data plane alone: real workers and real sockets, with the test in the place of the fleet.
 *
 * @module
 */
import { NO_RULES, type RequestRules } from "../../../balancer/proxy/rules.ts";
import { ApiServer } from "../../../balancer/control/server/api_server.ts";
import { serverOptions } from "../../../balancer/control/testing.ts";
import { LARGEST_DELAY_MS } from "../../../balancer/settings/setting.ts";
import {
  type HoldSettings,
  type Http2Settings,
  LINGER,
  type LingerSettings,
  type ProxySettings,
  type RequestLimits,
  type Timeouts,
} from "../../../balancer/proxy/settings.ts";
import { DataPlaneWorkers } from "../../../balancer/proxy/worker/pool.ts";
import type {
  Address,
  DrainDeadlines,
  Evidence,
  FailureCost,
  Upstream,
  View,
} from "../../../balancer/view.ts";
import { Ring } from "../../../ring/mod.ts";
import { get, RawConnection, type RawMessage, RawUpstream, within } from "../../harness/raw.ts";

/** The ring of all views. */
const RING = Ring.build({ members: ["Server1", "Server2", "Server3", "Server4"] });

/** No replica is ready. */
export const NONE: ViewParts = { ready: {} };

const LONG: DrainDeadlines = { requestsMs: 60_000, streamsMs: 60_000 };

/** The part of a view that a test has to say. */
interface ViewParts {
  /** The ready replicas by name. An upstream that was not there before is a new instance. */
  readonly ready: Readonly<Record<string, Pick<RawUpstream, "address">>>;
  readonly awaited?: readonly string[];
  readonly quarantined?: readonly string[];
  /** The ramps of slow starts by name, as a part of the full share. */
  readonly ramps?: Readonly<Record<string, number>>;
}

/** Settings that a test may change. */
export interface HarnessSettings {
  readonly hold?: Partial<HoldSettings>;
  readonly timeouts?: Partial<Timeouts>;
  readonly limits?: Partial<RequestLimits>;
  readonly linger?: Partial<LingerSettings>;
  readonly http2?: Partial<Http2Settings>;
  readonly loadBound?: number;
  readonly ringFields?: boolean;
  readonly suspectMs?: number;
  readonly workers?: number;
}

/** A request's id whose owner is that replica. @param nth which of them */
export function idOf(owner: string, nth = 0): string {
  for (let id = 0, left = nth;; id++) {
    if (RING.ownerOfId(id) === owner && left-- === 0) return String(id);
  }
}

/** The replica that such an id is spilled to when all others are ready. */
export function nextOf(id: string): string {
  return RING.walk(RING.slotOfId(Number(id)))[1]!;
}

/** A request for that replica. */
export function getOf(owner: string, path = "/", ...fields: string[]): string {
  return get(path, `X-Request-Id: ${idOf(owner)}`, ...fields);
}

/** An upstream that answers with its name. */
export function named(name: string): RawUpstream {
  return new RawUpstream(() => `HTTP/1.1 200 OK\r\nContent-Length: ${name.length}\r\n\r\n${name}`);
}

/** A data plane that a test publishes views to. */
export class DataPlaneHarness implements AsyncDisposable {
  readonly evidence: Evidence[] = [];
  readonly costs: FailureCost[] = [];
  readonly applied: number[] = [];
  readonly failures: string[] = [];
  readonly workers: DataPlaneWorkers;
  readonly port: number;
  readonly #control = new ApiServer(serverOptions());
  readonly #instances = new Map<unknown, string>();
  #version = 0;
  #ended: Promise<void> | undefined;
  #changed = Promise.withResolvers<void>();

  private constructor(settings: ProxySettings) {
    this.port = settings.listen.port;
    this.workers = new DataPlaneWorkers({
      settings,
      report: (evidence) => this.#note(() => this.evidence.push(evidence)),
      onCosts: (costs) => this.#note(() => this.costs.push(...costs)),
      onApplied: (version) => this.#note(() => this.applied.push(version)),
      onCall: (call) => this.#control.serve(call, () => Promise.resolve(new Response("ok"))),
      failures: {
        record: (action, error) => this.#note(() => this.failures.push(`${action}: ${error}`)),
      },
    });
  }

  /** Starts the data plane without a view. Defaults: one worker, and waits without a limit. */
  static async open(settings: HarnessSettings = {}): Promise<DataPlaneHarness> {
    const bench = new DataPlaneHarness(complete(settings));
    await bench.workers.open();
    return bench;
  }

  /** Publishes a view, and waits until it is in force. */
  async publish(parts: ViewParts): Promise<void> {
    const version = ++this.#version;
    this.workers.publish(this.view(parts, version));
    await this.until(`view ${version}`, () => this.applied.includes(version));
  }

  /** A view of those parts. */
  view({ ready, awaited = [], quarantined = [], ramps = {} }: ViewParts, version: number): View {
    const upstreams = Object.entries(ready).map(([name, server]): [string, Upstream] => {
      const instance = this.instanceOf(name, server);
      return [name, { name, instance, address: addressOf(server), ramp: ramps[name] ?? 1 }];
    });
    return {
      version,
      ring: RING,
      ready: new Map(upstreams),
      awaited: new Set(awaited),
      epoch: 0,
      quarantined: new Set(quarantined),
    };
  }

  /** The id of a server as an instance of that name. */
  instanceOf(name: string, server: Pick<RawUpstream, "address">): string {
    const known = this.#instances.get(server) ?? `${name}#${this.#instances.size}`;
    this.#instances.set(server, known);
    return known;
  }

  connect(): Promise<RawConnection> {
    return RawConnection.to(this.port);
  }

  /** Sends bytes on a connection of their own, and reads one response. */
  async ask(request: string): Promise<RawMessage> {
    using client = await this.connect();
    await client.send(request);
    return await client.response();
  }

  /** Resolves when the only worker has read all bytes sent before. */
  async seen(): Promise<void> {
    await this.ask("GET /rep HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  }

  /** Sends a request that has to wait. The caller closes the connection. */
  async holding(request: string): Promise<RawConnection> {
    const client = await this.connect();
    await client.send(request);
    await this.seen();
    return client;
  }

  /** Waits for a condition on what the workers have reported: each report checks it again. */
  async until(what: string, wanted: () => boolean): Promise<void> {
    const wait = async () => {
      while (!wanted()) await this.#changed.promise;
    };
    await within(what, wait());
  }

  /** The sum of a replica's failure costs. */
  costsOf(name: string): FailureCost {
    const sum = { name, held: 0, retried: 0, spilled: 0, lost: 0, broken: 0, longestHoldMs: 0 };
    for (const cost of this.costs.filter((one) => one.name === name)) {
      sum.held += cost.held;
      sum.retried += cost.retried;
      sum.spilled += cost.spilled;
      sum.lost += cost.lost;
      sum.broken += cost.broken;
      sum.longestHoldMs = Math.max(sum.longestHoldMs, cost.longestHoldMs);
    }
    return sum;
  }

  idle(instance: string, deadlines: DrainDeadlines = LONG): Promise<boolean> {
    return this.workers.idle(instance, deadlines);
  }

  /** Ends the workers; once. */
  end(deadlines: DrainDeadlines): Promise<void> {
    return this.#ended ??= this.workers.end(deadlines);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end({ requestsMs: 0, streamsMs: 0 });
    await this.#control.close(0);
  }

  #note(what: () => void): void {
    what();
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

function complete(
  { hold, timeouts, limits, linger, http2, ...more }: HarnessSettings,
): ProxySettings {
  const settings: Omit<ProxySettings, "rules" | "routes"> = {
    listen: { hostname: "127.0.0.1", port: freePort() },
    publicApi: "all",
    affinity: { cookie: "ringkeeper", ttlS: 0 },
    limits: {
      lineBytes: 8192,
      headBytes: 32768,
      fields: 100,
      bodyBytes: 0,
      connections: 1000,
      connectionsPerAddress: 0,
      calls: 64,
      ...limits,
    },
    timeouts: {
      head: 60_000,
      keepAlive: 60_000,
      body: 60_000,
      connect: 10_000,
      response: 60_000,
      upstreamIdle: 60_000,
      responseBody: 60_000,
      streamIdle: 60_000,
      ...timeouts,
    },
    linger: { ...LINGER, ...linger },
    hold: {
      policy: "hold",
      ms: LARGEST_DELAY_MS,
      graceMs: LARGEST_DELAY_MS,
      requests: 100,
      bytes: 2 ** 30,
      replaces: true,
      ...hold,
    },
    http2: {
      cleartext: false,
      streams: 100,
      streamWindow: 262_144,
      connectionWindow: 1_048_576,
      ...http2,
    },
    loadBound: 0,
    ringFields: false,
    suspectMs: 0,
    outliers: false,
    via: true,
    underscores: false,
    trace: false,
    trusted: [],
    proxyProtocol: false,
    accessLogging: "off",
    logStyle: "json",
    workers: 1,
    ...more,
  };
  const rules: RequestRules = {
    ...NO_RULES,
    responseMs: settings.timeouts.response,
    streamIdleMs: settings.timeouts.streamIdle,
    bodyBytes: settings.limits.bodyBytes || Infinity,
    hold: settings.hold,
  };
  return { rules, routes: [], ...settings };
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

function addressOf({ address }: Pick<RawUpstream, "address">): Address {
  const [hostname = "", port = ""] = address.split(":");
  return { hostname, port: Number(port) };
}
