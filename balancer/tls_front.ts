/**
 * TLS for clients, as the main thread sees it: certificates, and the port before the workers listen.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";
import { CertificateStore } from "./certificates/certificate_store.ts";
import { certificateStatus } from "./certificates/certificate_status.ts";
import type { Config } from "./config.ts";
import type { FailureLog } from "./failures.ts";
import { tlsSettings } from "./proxy/settings.ts";
import type { TlsSettings } from "./proxy/settings.ts";
import type { Credentials } from "./proxy/transport/certificate_table.ts";
import type { PublicPort } from "./public_port.ts";

/** Takes the certificates in use, now and after each change. */
type Certify = (credentials: Credentials) => void;

/** TLS for clients, where it is set. */
export class TlsFront {
  readonly #store: CertificateStore | undefined;
  readonly #port: PublicPort | undefined;
  /** The settings of the workers' port; undefined without one. */
  readonly settings: TlsSettings | undefined;

  private constructor(
    config: Config,
    store: CertificateStore | undefined,
    port: PublicPort | undefined,
  ) {
    this.#store = store;
    this.#port = port;
    this.settings = port && tlsSettings(config, port.address);
  }

  /**
   * Loads the certificates, and takes the port.
   *
   * @param config the settings
   * @param services the log, and a function that takes a port
   * @throws {CertificateError} no certificate can be used
   * @throws {Error} the port is taken; the message names the setting
   */
  static async open(config: Config, services: {
    readonly log: Logger;
    readonly failures: FailureLog;
    readonly takePort: (port: number) => Promise<PublicPort>;
  }): Promise<TlsFront> {
    const { certificates: source, port } = config.tls;
    if (source === null || (port === null && config.admin.tls === "off")) {
      return new TlsFront(config, undefined, undefined);
    }
    const { log, failures, takePort } = services;
    const store = await CertificateStore.open({
      source,
      clientCa: config.tls.clientCa,
      log: log.getChild("tls"),
      failures,
      now: Date.now,
    });
    try {
      return new TlsFront(config, store, port === null ? undefined : await takePort(port));
    } catch (error) {
      await store[Symbol.asyncDispose]();
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
      const at = `${port} on ${config.listen.host}`;
      throw new Error(`LB_TLS_PORT: ${at} is taken by another program; choose another port`, {
        cause: error,
      });
    }
  }

  /** The certificates in use. */
  get credentials(): Credentials {
    return this.#store?.set ?? { certificates: [], clientCa: undefined };
  }

  /** The certificates as `GET /_lb/status` shows them. */
  status(): ReturnType<typeof certificateStatus> {
    return this.#store ? certificateStatus(this.#store, Date.now()) : [];
  }

  /** Has each new set of certificates passed on. */
  listen(certify: Certify): void {
    this.#store?.listen(certify);
  }

  /** Called when the workers listen. */
  async release(): Promise<void> {
    await this.#port?.release();
  }

  /** Ends the watch of the files. */
  async close(): Promise<void> {
    await this.#store?.[Symbol.asyncDispose]();
  }
}
