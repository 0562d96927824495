/**
 * TLS for clients, as the main thread sees it: certificates from files and by ACME, and the port
 * before the workers listen.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";
import { AcmeCertificates, type OrderCounts } from "./acme/acme_certificates.ts";
import { acmeFolder, acmeSettings } from "./acme/acme_settings.ts";
import {
  type AnswerChallenges,
  ownChallenges,
  SharedChallenges,
} from "./acme/challenge_presenter.ts";
import { FolderRecords } from "./acme/folder_records.ts";
import { performOrder } from "./acme/order_runner.ts";
import { SharedRecords } from "./acme/shared_records.ts";
import type { CertificateStatus } from "./answers/certificate.ts";
import { CertificateStore } from "./certificates/certificate_store.ts";
import { certificateStatus } from "./certificates/certificate_status.ts";
import { systemClock } from "./clock.ts";
import { boundedStore } from "./cluster/bounded.ts";
import type { Cluster } from "./cluster/cluster.ts";
import type { Config } from "./config.ts";
import type { FailureLog } from "./failures.ts";
import { tlsSettings } from "./proxy/settings.ts";
import type { TlsSettings } from "./proxy/settings.ts";
import { CertificateTable, type Credentials } from "./proxy/transport/certificate_table.ts";
import type { PublicPort } from "./public_port.ts";

/** Takes the certificates in use, now and after each change. */
type Certify = (credentials: Credentials) => void;

/** Dependencies of the front. */
interface FrontServices {
  readonly log: Logger;
  readonly failures: FailureLog;
  readonly takePort: (port: number) => Promise<PublicPort>;
  /** The other balancers; undefined if this one is alone. */
  readonly cluster: Cluster | undefined;
}

/** The parts of a front that speaks TLS. */
interface Secured {
  readonly files: CertificateStore;
  readonly port: PublicPort | undefined;
}

/** Milliseconds for the shared store to answer. */
const ANSWER_MS = 10_000;

const NO_CREDENTIALS: Credentials = { certificates: [], clientCa: undefined };

/** TLS for clients, where it is set. */
export class TlsFront {
  readonly #services: FrontServices;
  readonly #config: Config;
  readonly #secured: Secured | undefined;
  /** Undefined until hosts are named. */
  #acme: AcmeCertificates | undefined;
  /** Opened for a reload that was not put in force yet. */
  #prepared: AcmeCertificates | undefined;
  #answer: AnswerChallenges | undefined;
  #certify: Certify = () => {};
  /** Names that certificates from files cover. */
  #covering = new CertificateTable([], true);
  /** The settings of the workers' port; undefined without one. */
  readonly settings: TlsSettings | undefined;

  private constructor(config: Config, services: FrontServices, secured?: Secured) {
    this.#config = config;
    this.#services = services;
    this.#secured = secured;
    const port = secured?.port;
    this.settings = port && tlsSettings(config, port.address);
    this.#cover();
    secured?.files.listen(() => {
      this.#cover();
      this.#changed();
    });
  }

  /**
   * Loads the certificates, and takes the port.
   *
   * @param config the settings
   * @param services the log, and a function that takes a port
   * @throws {CertificateError} no certificate can be used, and none is to be obtained
   * @throws {Error} the port is taken, or certificates cannot be kept; the message names the setting
   */
  static async open(config: Config, services: FrontServices): Promise<TlsFront> {
    const { certificates: source, port, hosts, clientCa } = config.tls;
    if (port === null && config.admin.tls === "off") return new TlsFront(config, services);
    const { log, failures, takePort } = services;
    const files = await CertificateStore.open({
      ...{ source, clientCa, failures, now: Date.now, log: log.getChild("tls") },
      mayBeEmpty: hosts.length > 0,
    });
    try {
      const taken = port === null ? undefined : await takePort(port);
      const front = new TlsFront(config, services, { files, port: taken });
      if (hosts.length > 0) front.#acme = await front.#openAcme(config);
      return front;
    } catch (error) {
      await files[Symbol.asyncDispose]();
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
      const at = `${port} on ${config.listen.host}`;
      throw new Error(`LB_TLS_PORT: ${at} is taken by another program; choose another port`, {
        cause: error,
      });
    }
  }

  /** The certificates in use: for a name, one from files comes first. */
  get credentials(): Credentials {
    if (!this.#secured) return NO_CREDENTIALS;
    const { certificates, clientCa } = this.#secured.files.set;
    const { certificates: obtained = [], awaited = [] } = this.#acme ?? {};
    return { certificates: [...certificates, ...obtained], clientCa, awaited };
  }

  /** The certificates as `GET /_lb/status` shows them. */
  status(): CertificateStatus[] {
    if (!this.#secured) return [];
    return [
      ...certificateStatus(this.#secured.files, Date.now()),
      ...this.#acme?.status() ?? [],
    ];
  }

  /** The orders by ACME so far. */
  get orders(): OrderCounts {
    return this.#acme?.counts ?? { issued: 0, failed: 0 };
  }

  /** Has each new set of certificates passed on. */
  listen(certify: Certify): void {
    this.#certify = certify;
  }

  /**
   * Called when the workers listen: certificates may be ordered.
   *
   * @param answer gives responses to challenges at the public port
   */
  async release(answer: AnswerChallenges): Promise<void> {
    await this.#secured?.port?.release();
    this.#answer = answer;
    this.#begin();
  }

  /**
   * Prepares changed settings.
   *
   * @param config the settings
   * @returns puts them in force
   * @throws {Error} certificates cannot be kept
   */
  async prepare(config: Config): Promise<() => Promise<void>> {
    const settings = acmeSettings(config);
    if (settings.hosts.length > 0 && this.#secured && !this.#acme) {
      this.#prepared ??= await this.#openAcme(config);
    }
    return async () => {
      const begins = this.#acme === undefined;
      this.#acme ??= this.#prepared;
      await this.#acme?.reconfigure(settings);
      if (begins) this.#begin();
    };
  }

  /** Ends the watch of the files, and an order under way. */
  async close(): Promise<void> {
    await (this.#acme ?? this.#prepared)?.[Symbol.asyncDispose]();
    await this.#secured?.files[Symbol.asyncDispose]();
  }

  async #openAcme(config: Config): Promise<AcmeCertificates> {
    const { cluster, log, failures } = this.#services;
    const acme = await AcmeCertificates.open({
      settings: acmeSettings(config),
      records: cluster
        ? new SharedRecords(cluster.stores)
        : await FolderRecords.open(acmeFolder(config.fleet)),
      perform: performOrder,
      covered: (host) => this.#covering.find(host) !== undefined,
      mayOrder: () => cluster?.holds ?? true,
      log: log.getChild("acme"),
      failures,
      now: Date.now,
      random: Math.random,
    });
    acme.listen(() => this.#changed());
    return acme;
  }

  #begin(): void {
    const { cluster, failures } = this.#services;
    const answer = this.#answer;
    if (!answer || !this.#acme) return;
    if (!cluster) return this.#acme.begin(ownChallenges(answer));
    const store = boundedStore(cluster.stores.open("acme-challenges"), systemClock, ANSWER_MS);
    this.#acme.begin(new SharedChallenges(store, answer, cluster, failures));
  }

  #cover(): void {
    this.#covering = new CertificateTable(this.#secured?.files.set.certificates ?? [], true);
  }

  #changed(): void {
    this.#certify(this.credentials);
  }
}
