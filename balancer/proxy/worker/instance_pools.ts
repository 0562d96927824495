/**
 * Opens and retires the connection pools of instances, and the pool of calls of the control API.
 *
 * @module
 */
import type { Upstream } from "../../view.ts";
import type { Admission } from "../routing/admission.ts";
import type { ProxySettings } from "../settings.ts";
import type { BufferPool } from "../transport/buffers.ts";
import type { ByteStream } from "../transport/byte_stream.ts";
import type { Credentials } from "../transport/certificate_table.ts";
import type { Deadlines } from "../transport/deadlines.ts";
import { HandshakeTurns } from "../transport/handshake_turns.ts";
import { DEFAULT_TRUST, TlsClient } from "../transport/tls_client.ts";
import { CONTROL, type Dial, InstancePool, type PoolLimits } from "../upstream/connection_pool.ts";
import type { ConnectionQueue } from "../upstream/connection_queue.ts";
import { countedTls, dial, type HandshakeCounters } from "../upstream/dial.ts";
import type { InFlight } from "../upstream/in_flight.ts";

/** Most idle connections kept for each instance. */
const MAX_IDLE = 1024;

/** Services that the pools use. */
interface InstancePoolServices {
  readonly settings: Pick<ProxySettings, "timeouts">;
  readonly inFlight: InFlight;
  readonly admission: Admission;
  readonly buffers: BufferPool;
  readonly deadlines: Deadlines;
  readonly connectionQueue: ConnectionQueue;
  readonly counters: HandshakeCounters;
}

/** The pools of one worker. */
export class InstancePools {
  readonly #services: InstancePoolServices;
  readonly #tls = new TlsClient(DEFAULT_TRUST, new HandshakeTurns());
  readonly #dial: Dial;

  constructor(services: InstancePoolServices) {
    this.#services = services;
    const secure = countedTls(this.#tls, services.counters);
    this.#dial = (address, signal) => dial(address, signal, secure);
  }

  /** Changes whom this worker trusts as a replica; open connections go on. */
  trust({ trust = DEFAULT_TRUST }: Credentials): void {
    this.#tls.reconfigure(trust);
  }

  /** Opens the pool of an instance. */
  open(upstream: Upstream): InstancePool {
    const { instance } = upstream;
    const { inFlight, admission, buffers, deadlines, connectionQueue } = this.#services;
    const gauge = inFlight.gauge(instance, admission.cell(instance));
    const limits = this.#limits(MAX_IDLE);
    return new InstancePool(
      upstream,
      gauge,
      limits,
      buffers,
      deadlines,
      connectionQueue,
      this.#dial,
    );
  }

  /**
   * Opens the pool of the control API. A call opens its own connection, which costs a message, and
   * may take any time.
   *
   * @param connect opens a connection to the main thread
   */
  openControl(connect: () => ByteStream): InstancePool {
    const { inFlight, admission, buffers, deadlines } = this.#services;
    return new InstancePool(
      { name: CONTROL, instance: CONTROL, address: { hostname: CONTROL, port: 0 } },
      inFlight.gauge(CONTROL, admission.cell(CONTROL)),
      this.#limits(0),
      buffers,
      deadlines,
      undefined,
      () => Promise.resolve(connect()),
    );
  }

  /** Retires the pool of an instance that left the view. */
  retire(pool: InstancePool): void {
    pool.retire();
    this.#services.inFlight.forget(pool.upstream.instance);
  }

  /** The deadlines are read at each use, because a reload changes them. */
  #limits(maxIdle: number): PoolLimits {
    const { timeouts } = this.#services.settings;
    return {
      maxIdle,
      get idleMs() {
        return timeouts.upstreamIdle;
      },
      get connectMs() {
        return timeouts.connect;
      },
    };
  }
}
