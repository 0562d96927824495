/**
 * Certificates by ACME: keeps one for each host, and renews it in time. One order runs at a time.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";
import type { CertificateStatus } from "../answers/certificate.ts";
import type { LoadedCertificate } from "../certificates/certificate.ts";
import { describeCertificate, NO_CERTIFICATE } from "../certificates/certificate_status.ts";
import { ExpiryNotices } from "../certificates/expiry_notices.ts";
import { errorMessage, type FailureLog } from "../failures.ts";
import type { ChallengePresenter } from "./challenge_presenter.ts";
import { type Host, HostRecords } from "./host_records.ts";
import { orderStep } from "./order_step.ts";
import { AcmeOrder } from "./acme_order.ts";
import type { AcmeSettings } from "./acme_settings.ts";
import type { OrderError } from "./order_fault.ts";
import type { PerformOrder } from "./order_runner.ts";
import type { HostRecord } from "./record.ts";
import type { Records } from "./records.ts";
import { renewalAt, seedOf } from "./schedule.ts";

/** Dependencies and settings. */
interface AcmeOptions {
  readonly settings: AcmeSettings;
  readonly records: Records;
  /** Performs an order. */
  readonly perform: PerformOrder;
  /** Whether a certificate from files covers a host. */
  readonly covered: (host: string) => boolean;
  /** Whether this balancer orders: of several, one does. */
  readonly mayOrder: () => boolean;
  readonly log: Logger;
  readonly failures: FailureLog;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** A random number from 0 to 1. */
  readonly random: () => number;
  /** Interval between two looks, in milliseconds; {@linkcode LOOK_MS} unless a test sets less. */
  readonly lookMs?: number;
}

/** Interval between two looks at what is due, in milliseconds. */
const LOOK_MS = 1000;

/** Interval between two attempts to read or write records, in milliseconds. */
const AGAIN_MS = 10_000;

/** Orders so far. */
export interface OrderCounts {
  readonly issued: number;
  readonly failed: number;
}

/** The certificates of the hosts. */
export class AcmeCertificates implements AsyncDisposable {
  readonly #options: AcmeOptions;
  readonly #records: HostRecords;
  readonly #notices: ExpiryNotices;
  readonly #ending = new AbortController();
  readonly #endWatch: () => void;
  /** The hosts whose records were read. */
  readonly #hosts = new Map<string, Host>();
  /** Certificates that could not be saved. */
  readonly #unsaved = new Set<string>();
  readonly #counts = { issued: 0, failed: 0 };
  #settings: AcmeSettings;
  #onChange = () => {};
  #presenter: ChallengePresenter | undefined;
  /** Whether others may have changed the records. */
  #stale = false;
  #againAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #looking: Promise<void> | undefined;

  private constructor(options: AcmeOptions) {
    this.#options = options;
    this.#settings = options.settings;
    this.#records = new HostRecords(options.records, options.failures);
    this.#notices = new ExpiryNotices(options.log);
    this.#endWatch = options.records.watch(() => this.#stale = true);
  }

  /** Reads the certificates of earlier lives. Records that cannot be read now are read later. */
  static async open(options: AcmeOptions): Promise<AcmeCertificates> {
    const opened = new AcmeCertificates(options);
    await opened.#read(options.settings.hosts);
    return opened;
  }

  /** The certificates to present. Where files cover a host, they are presented instead. */
  get certificates(): readonly LoadedCertificate[] {
    return this.#own.flatMap((host) => this.#hosts.get(host)?.certificate ?? []);
  }

  /** The hosts without a certificate. */
  get awaited(): readonly string[] {
    return this.#own.filter((host) => !this.#hosts.get(host)?.certificate);
  }

  /** Orders so far. */
  get counts(): OrderCounts {
    return this.#counts;
  }

  /** Has each change of the certificates reported. */
  listen(onChange: () => void): void {
    this.#onChange = onChange;
  }

  /** The certificates as `GET /_lb/status` shows them. */
  status(): CertificateStatus[] {
    return this.#own.map((host) => this.#statusOf(host));
  }

  /**
   * Begins to order. Called when challenges are answered.
   *
   * @param presenter presents the responses to challenges
   */
  begin(presenter: ChallengePresenter): void {
    this.#presenter = presenter;
    this.#announce(this.awaited);
    this.#schedule();
  }

  /** Takes changed settings. */
  async reconfigure(settings: AcmeSettings): Promise<void> {
    const added = settings.hosts.filter((host) => !this.#settings.hosts.includes(host));
    this.#settings = settings;
    await this.#read(added);
    this.#announce(this.awaited.filter((host) => added.includes(host)));
    this.#onChange();
  }

  /** Ends the order under way, which a later start continues, and the watch. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    this.#endWatch();
    clearTimeout(this.#timer);
    await this.#looking;
    this.#presenter?.close();
  }

  /** The hosts that no file covers. */
  get #own(): readonly string[] {
    return this.#settings.hosts.filter((host) => !this.#options.covered(host));
  }

  #announce(hosts: readonly string[]): void {
    if (hosts.length === 0) return;
    this.#options.log.warn(
      "no certificate yet for {hosts}: TLS with these names is refused until {directory} issues one",
      { hosts: hosts.join(", "), directory: this.#settings.directory },
    );
  }

  #schedule(): void {
    if (this.#ending.signal.aborted) return;
    this.#timer = setTimeout(() => {
      this.#looking = this.#look().finally(() => this.#schedule());
    }, this.#options.lookMs ?? LOOK_MS);
  }

  /** Never rejects. */
  async #look(): Promise<void> {
    const { now, failures, mayOrder } = this.#options;
    try {
      this.#notices.look(this.certificates, now());
      await this.#keepUp(now());
      if (!mayOrder()) return;
      const due = this.#own.find((name) => this.#isDue(name));
      if (due === undefined) return;
      // Another balancer may have ordered a moment ago.
      await this.#read([due]);
      if (this.#isDue(due)) await this.#order(this.#hosts.get(due)!);
    } catch (error) {
      failures.record("acme.look", error);
    }
  }

  /** Reads what others have changed, and what could not be read or written before. */
  async #keepUp(now: number): Promise<void> {
    if (this.#stale) {
      this.#stale = false;
      await this.#read(this.#settings.hosts);
      this.#onChange();
    }
    if (Math.abs(now - this.#againAt) < AGAIN_MS) return;
    this.#againAt = now;
    const unread = this.#settings.hosts.filter((host) => !this.#hosts.has(host));
    if (unread.length > 0) {
      await this.#read(unread);
      this.#onChange();
    }
    for (const host of this.#unsaved) await this.#save(this.#hosts.get(host)!.record);
  }

  async #read(hosts: readonly string[]): Promise<void> {
    for (const host of hosts) {
      if (this.#unsaved.has(host)) continue;
      try {
        this.#hosts.set(host, await this.#records.load(host));
      } catch (error) {
        this.#options.failures.record("acme.read", `${host}: ${errorMessage(error)}`);
      }
    }
  }

  #isDue(name: string): boolean {
    const host = this.#hosts.get(name);
    const { directory } = this.#settings;
    return host !== undefined && orderStep(host, directory, this.#options.now()) === "order";
  }

  async #order(host: Host): Promise<void> {
    const { host: name } = host.record;
    this.#options.log.info("ordering a certificate for {host} from {directory}", {
      host: name,
      directory: this.#settings.directory,
    });
    const order = new AcmeOrder({
      ...this.#options,
      records: this.#records,
      settings: this.#settings,
      presenter: this.#presenter!,
      ending: this.#ending.signal,
      keep: (record) => this.#keep(record),
    });
    const { record, error } = await order.run(host.record);
    if (error === undefined) await this.#issued(record);
    else await this.#failed(record, error);
  }

  async #issued(record: HostRecord): Promise<void> {
    this.#counts.issued++;
    const host = this.#records.hostOf(record);
    this.#hosts.set(record.host, host);
    await this.#save(record);
    const { notAfter } = host.certificate!;
    this.#options.log.info("certificate for {host} is issued, valid until {until}", {
      host: record.host,
      until: new Date(notAfter).toISOString(),
    });
    this.#onChange();
  }

  /** A balancer that ends, or no longer orders, says nothing against the authority. */
  async #failed(record: HostRecord, error: OrderError): Promise<void> {
    if (this.#ending.signal.aborted || !this.#options.mayOrder()) return;
    this.#counts.failed++;
    const at = new Date(record.failure!.retryAt).toISOString();
    this.#options.failures.record(
      "acme.order",
      `${record.host}: ${error.message}; the next attempt is at ${at}`,
    );
    this.#keep(record);
    await this.#save(record);
  }

  /** The certificate stays the one in use. */
  #keep(record: HostRecord): void {
    const certificate = this.#hosts.get(record.host)?.certificate;
    this.#hosts.set(record.host, { record, certificate });
  }

  /** Never rejects: a record that cannot be saved now is saved later. */
  async #save(record: HostRecord): Promise<void> {
    try {
      await this.#records.save(record);
      this.#unsaved.delete(record.host);
    } catch (error) {
      this.#unsaved.add(record.host);
      this.#options.failures.record("acme.save", `${record.host}: ${errorMessage(error)}`);
    }
  }

  #statusOf(name: string): CertificateStatus {
    const { certificate, record } = this.#hosts.get(name) ?? {};
    const fault = record?.failure ? failureText(record.failure) : undefined;
    if (certificate) {
      const renewsAt = renewalAt(certificate, seedOf(certificate.fingerprint));
      return describeCertificate(certificate, this.#options.now(), { fault, renewsAt });
    }
    const missing = fault ?? "has no certificate yet";
    return { ...NO_CERTIFICATE, name, source: "acme", names: [name], fault: missing };
  }
}

function failureText({ message, retryAt }: NonNullable<HostRecord["failure"]>): string {
  return `${message}; the next attempt is at ${new Date(retryAt).toISOString()}`;
}
