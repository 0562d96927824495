/**
 * TLS to replicas, as the main thread sees it: the files, the trust of the workers, and the TLS of
 * heartbeats.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";
import { CertificateStore } from "./certificates/certificate_store.ts";
import { certificateStatus } from "./certificates/certificate_status.ts";
import type { Config } from "./config.ts";
import type { FailureLog } from "./failures.ts";
import { UPSTREAM_HANDSHAKES, type UpstreamHandshakeEnd } from "./proxy/stats/counter_layout.ts";
import type { ByteStream } from "./proxy/transport/byte_stream.ts";
import { HandshakeTurns } from "./proxy/transport/handshake_turns.ts";
import { TlsClient, TlsClientError, type UpstreamTrust } from "./proxy/transport/tls_client.ts";
import { countedTls } from "./proxy/upstream/dial.ts";

type Settings = Config["upstreamTls"];

/** Trust in replicas that speak TLS. */
export class UpstreamTls {
  readonly #settings: Settings;
  readonly #store: CertificateStore | undefined;
  readonly #client: TlsClient;
  readonly #handshakes = new Map<UpstreamHandshakeEnd, number>(
    UPSTREAM_HANDSHAKES.map((end) => [end, 0]),
  );
  readonly #secure = countedTls({ secure: (...given) => this.#client.secure(...given) }, {
    upstreamHandshake: (end) => this.#handshakes.set(end, this.#handshakes.get(end)! + 1),
  });

  private constructor(settings: Settings, store: CertificateStore | undefined) {
    this.#settings = settings;
    this.#store = store;
    this.#client = new TlsClient(this.trust, new HandshakeTurns());
    this.listen((trust) => this.#client.reconfigure(trust));
  }

  /**
   * Loads the files and begins to watch them.
   *
   * @param settings the settings
   * @param services the log
   * @throws {CertificateError} a file cannot be used
   */
  static async open(settings: Settings, services: {
    readonly log: Logger;
    readonly failures: FailureLog;
  }): Promise<UpstreamTls> {
    const { ca, certificate: cert, key, insecureSkipVerify } = settings;
    const log = services.log.getChild("tls");
    if (insecureSkipVerify) {
      log.warn(
        "LB_UPSTREAM_TLS_INSECURE_SKIP_VERIFY is true: certificates of replicas are not verified",
      );
    }
    if (ca === "" && cert === "") return new UpstreamTls(settings, undefined);
    const store = await CertificateStore.open({
      source: cert === "" ? null : { pairs: [{ cert, key }] },
      mayBeEmpty: cert === "",
      clientCa: ca,
      log,
      failures: services.failures,
      now: Date.now,
    });
    return new UpstreamTls(settings, store);
  }

  /** The trust in force. */
  get trust(): UpstreamTrust {
    const { name, insecureSkipVerify } = this.#settings;
    const { certificates: [own], clientCa } = this.#store?.set ?? { certificates: [] };
    const pair = own && { cert: own.cert, key: own.key };
    return { serverName: name, ca: clientCa, verify: !insecureSkipVerify, pair };
  }

  /** Whether certificates of replicas are not verified. */
  get unverified(): boolean {
    return this.#settings.insecureSkipVerify;
  }

  /** Handshakes of heartbeats, by their end. */
  get handshakes(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#handshakes);
  }

  /** The balancer's own certificate, as `GET /_lb/status` shows it. */
  status(): ReturnType<typeof certificateStatus> {
    return this.#store ? certificateStatus(this.#store, Date.now()) : [];
  }

  /** Has the trust passed on whenever its files change. */
  listen(listener: (trust: UpstreamTrust) => void): void {
    this.#store?.listen(() => listener(this.trust));
  }

  /**
   * Speaks TLS over a connection of a heartbeat.
   *
   * @param connection the connection; it is closed after an error
   * @param host host of its address
   * @param signal ends the handshake
   */
  async secure(connection: Deno.TcpConn, host: string, signal: AbortSignal): Promise<ByteStream> {
    const { hostname, port } = connection.remoteAddr;
    try {
      return await this.#secure(connection, host, signal);
    } catch (error) {
      if (!(error instanceof TlsClientError) || error.fault !== "certificate") throw error;
      const again = await Deno.connect({ hostname, port, signal });
      const reason = await this.#client.diagnose(again, host, signal);
      throw reason === undefined ? error : new TlsClientError("certificate", reason);
    }
  }

  /** Ends the watch of the files. */
  async close(): Promise<void> {
    await this.#store?.[Symbol.asyncDispose]();
  }
}
