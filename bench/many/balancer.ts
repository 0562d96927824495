/**
 * A balancer with many static upstreams, one worker and a probe of its main thread.
 *
 * @module
 */
import { BenchBalancer } from "../harness/balancer.ts";
import { freePort } from "../harness/program.ts";
import { upstreamHosts } from "./hosts.ts";

/** The parameters of a balancer. */
interface ManyOptions {
  readonly upstreams: number;
  /** The port of every upstream. */
  readonly upstreamPort: number;
  readonly slots: number;
  /** Folder of the log. */
  readonly folder: string;
}

const PROBE = new URL("loop_probe.ts", import.meta.url);

/** A balancer that runs. */
export class ManyBalancer extends BenchBalancer {
  readonly #probePort: number;

  constructor({ upstreams, upstreamPort, slots, folder }: ManyOptions) {
    const probePort = freePort();
    super({
      ...{ fleet: "bench-many", folder, engine: "static" },
      flags: [`--preload=${PROBE.href}?port=${probePort}`],
      settings: {
        LB_STATE_FILE: "",
        LB_UPSTREAMS: upstreamHosts(upstreams).map((host) => `${host}:${upstreamPort}`).join(","),
        LB_SLOTS: String(slots),
        LB_WORKERS: "1",
      },
    });
    this.#probePort = probePort;
  }

  /**
   * The longest block of the main thread while something is done, in milliseconds.
   *
   * @param work the work to measure
   */
  async longestBlock(work: () => Promise<void>): Promise<number> {
    using probe = await Deno.connect({ hostname: "127.0.0.1", port: this.#probePort });
    await probe.write(new Uint8Array(1));
    await work();
    await probe.closeWrite();
    const bytes = new Uint8Array(64);
    const count = await probe.read(bytes) ?? 0;
    return Number(new TextDecoder().decode(bytes.subarray(0, count)));
  }
}
