/**
 * Harness of the data plane's tests: one worker in this process, before one replica.
 *
 * @module
 */
import { Ring } from "../../ring/mod.ts";
import { OK, RawConnection, RawUpstream } from "../../tests/harness/raw.ts";
import { readConfig } from "../config.ts";
import { Listener } from "./worker/listener.ts";
import { ConnectionLimits, sharedCounts } from "./downstream/connection_limits.ts";
import { DescriptorBudget, sharedFiles } from "./transport/descriptor_budget.ts";
import { WorkerContext } from "./worker/worker_context.ts";
import { proxySettings } from "./settings.ts";
import { sharedLoads } from "./upstream/shared_load.ts";
import { CounterTable } from "./stats/counter_table.ts";

const WARMING = "GET /a HTTP/1.1\r\nHost: a.example\r\nX-Request-Id: 7\r\n\r\n";

/** The data plane of one worker in this process, before one replica. */
export class ProxyHarness implements AsyncDisposable {
  readonly failures: string[] = [];
  readonly upstream = new RawUpstream();
  readonly proxy: WorkerContext;
  readonly acceptor: Listener;

  constructor(env: Record<string, string> = {}) {
    const config = readConfig({ LB_WORKERS: "1", ...env });
    const settings = proxySettings(config, { hostname: "127.0.0.1", port: 0 });
    this.proxy = new WorkerContext(settings, {
      memory: sharedLoads(1),
      counters: new CounterTable(1).workers,
      row: 0,
    }, {
      evidence: () => {},
      costs: () => {},
      samples: () => {},
      lines: () => {},
      failure: (action, error) => this.failures.push(`${action}: ${error}`),
      calls: 0,
      call: () => {
        throw new Error("there is no control API");
      },
    }, new DescriptorBudget(sharedFiles(1, 0), 0));
    this.acceptor = new Listener(
      this.proxy,
      new ConnectionLimits(sharedCounts(1), 0, { total: 0, perAddress: 0 }),
    );
    this.publish({});
  }

  /** Routes by a view in which the replica is ready, or away. */
  publish({ away = false }: { readonly away?: boolean }): void {
    const [hostname = "", port] = this.upstream.address.split(":");
    const address = { hostname, port: Number(port) };
    this.proxy.publish(
      {
        version: 1,
        ring: Ring.build({ members: ["Server1"] }),
        ready: new Map(away ? [] : [["Server1", { name: "Server1", instance: "i1", address }]]),
        awaited: new Set(away ? ["Server1"] : []),
        epoch: 0,
        quarantined: new Set(),
      },
      { ready: new Map([["i1", 1]]), leaving: [] },
      [],
    );
  }

  /** A client and the replica's connection that its first request used, a new one if none is given. */
  async warm(known?: RawConnection): Promise<{ client: RawConnection; replica: RawConnection }> {
    const client = await RawConnection.to(this.acceptor.port);
    await client.send(WARMING);
    const replica = known ?? await this.upstream.accept();
    await replica.request();
    await replica.send(OK);
    await client.response();
    this.general();
    return { client, replica };
  }

  /** Number of exchanges on the general path since the last call. */
  general(): number {
    return this.proxy.attempts.relays.splice(0).length;
  }

  get inFlight(): number {
    return this.proxy.inFlight.gauge("i1").count;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.proxy.draining) await this.acceptor.drain({ requestsMs: 0, streamsMs: 0 });
    this.proxy.close();
    await this.upstream[Symbol.asyncDispose]();
  }
}
