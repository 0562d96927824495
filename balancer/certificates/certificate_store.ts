/**
 * The certificates of the balancer: loaded at the start, and again whenever their files change.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";
import { errorMessage, type FailureLog } from "../failures.ts";
import { Authorities } from "../proxy/transport/authorities.ts";
import type { CertificateFiles } from "../settings/values.ts";
import {
  CertificateError,
  inOrder,
  loadCertificate,
  type LoadedCertificate,
  type PairFiles,
} from "./certificate.ts";
import { fileMark, findPairs, readPem } from "./certificate_source.ts";
import { ExpiryNotices } from "./expiry_notices.ts";

/**
 * Interval between two looks at the files, in milliseconds. Notifications of the system miss changes
 * in mounted folders, and links that are replaced.
 */
const LOOK_MS = 1000;

/** Purpose of the certificates, and dependencies of the store. */
interface StoreOptions {
  /** The files; null for none, where only authorities of clients are watched. */
  readonly source: CertificateFiles | null;
  /** Whether the store may be empty, since certificates come from elsewhere, too. */
  readonly mayBeEmpty?: boolean;
  /** File of certificates that sign those of peers; empty for none. */
  readonly clientCa: string;
  readonly log: Logger;
  readonly failures: FailureLog;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Interval between two looks at the files; {@linkcode LOOK_MS} unless a test sets less. */
  readonly lookMs?: number;
}

/** The certificates in use. */
export interface CertificateSet {
  /** In the order in which they are chosen; the first is the default. */
  readonly certificates: readonly LoadedCertificate[];
  /** Certificates, in PEM, that sign those of peers; undefined for none. */
  readonly clientCa: string | undefined;
}

/** A file that cannot be used. */
interface CertificateFault {
  /** Name of the pair. */
  readonly name: string;
  /** The file and the reason. */
  readonly message: string;
}

/** Loads certificates and watches their files. A pair that is or becomes bad changes nothing. */
export class CertificateStore implements AsyncDisposable {
  readonly #options: StoreOptions;
  readonly #loaded = new Map<string, LoadedCertificate>();
  readonly #faults = new Map<string, string>();
  readonly #notices: ExpiryNotices;
  readonly #listeners: ((set: CertificateSet) => void)[] = [];
  #set: CertificateSet = { certificates: [], clientCa: undefined };
  #marks = "";
  /** Marks of files that were bad: they are reported if they are the same at the next look. */
  #doubtful = "";
  #timer: ReturnType<typeof setTimeout> | undefined;
  #looking: Promise<void> | undefined;
  #opened = false;
  #closed = false;

  private constructor(options: StoreOptions) {
    this.#options = options;
    this.#notices = new ExpiryNotices(options.log);
  }

  /**
   * Loads the certificates and begins to watch their files.
   *
   * @param options the files, the log and the clock
   * @throws {CertificateError} no pair can be used although one has to, or the authority of clients
   * cannot
   */
  static async open(options: StoreOptions): Promise<CertificateStore> {
    const store = new CertificateStore(options);
    const faults = await store.#load();
    const [first] = faults;
    const { clientCa } = store.#set;
    const empty = store.#set.certificates.length === 0 && !options.mayBeEmpty;
    if (empty || (options.clientCa !== "" && !clientCa)) {
      throw first ??
        new CertificateError(placeOf(options.source), "holds no NAME.pem with NAME.key");
    }
    store.#opened = true;
    store.#report(faults);
    store.#marks = await store.#readMarks();
    store.#notices.look(store.#set.certificates, options.now());
    store.#schedule();
    return store;
  }

  /** The certificates in use. */
  get set(): CertificateSet {
    return this.#set;
  }

  /** The pairs whose files cannot be used now; an earlier version of them may be in use. */
  get faults(): readonly CertificateFault[] {
    return [...this.#faults].map(([name, message]) => ({ name, message }));
  }

  /** Has each new set passed on. */
  listen(listener: (set: CertificateSet) => void): void {
    this.#listeners.push(listener);
  }

  /** Ends the watch. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#looking;
  }

  get #mayBeEmpty(): boolean {
    return this.#options.source === null || this.#options.mayBeEmpty === true;
  }

  #schedule(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#looking = this.#look().finally(() => this.#schedule());
    }, this.#options.lookMs ?? LOOK_MS);
  }

  /** Looks at the files, and loads them again if they changed. Never rejects. */
  async #look(): Promise<void> {
    try {
      this.#notices.look(this.#set.certificates, this.#options.now());
      const marks = await this.#readMarks();
      if (marks === this.#marks && this.#doubtful === "") return;
      this.#marks = marks;
      const faults = await this.#load();
      // Two files are not replaced at once: a fault of a moment is not reported.
      if (faults.length === 0 || this.#doubtful === marks) this.#report(faults);
      this.#doubtful = faults.length === 0 || this.#doubtful === marks ? "" : marks;
    } catch (error) {
      this.#options.failures.record("certificates.look", error);
    }
  }

  async #readMarks(): Promise<string> {
    const pairs = await findPairs(this.#options.source).catch((error): PairFiles[] => {
      if (error instanceof CertificateError) return [];
      throw error;
    });
    const { clientCa } = this.#options;
    const files = pairs.flatMap(({ cert, key }) => [cert, key]);
    if (clientCa !== "") files.push(clientCa);
    return (await Promise.all(files.map(fileMark))).join("\n");
  }

  /** Loads what can be loaded; @returns the faults of the others */
  async #load(): Promise<CertificateError[]> {
    const faults: CertificateError[] = [];
    const pairs = await this.#pairs(faults);
    this.#faults.clear();
    const certificates = pairs ? await this.#loadPairs(pairs, faults) : [...this.#set.certificates];
    const clientCa = await this.#loadAuthority(faults);
    if (certificates.length > 0 || this.#mayBeEmpty) {
      this.#use({ certificates: inOrder(certificates), clientCa });
    }
    return faults;
  }

  async #loadPairs(
    pairs: readonly PairFiles[],
    faults: CertificateError[],
  ): Promise<LoadedCertificate[]> {
    const certificates: LoadedCertificate[] = [];
    for (const pair of pairs) {
      const certificate = await this.#loadPair(pair, faults) ?? this.#loaded.get(pair.name);
      if (certificate) certificates.push(certificate);
    }
    return certificates;
  }

  /** The pairs; undefined if those in use have to stay, since there are none to be read. */
  async #pairs(faults: CertificateError[]): Promise<readonly PairFiles[] | undefined> {
    const { source } = this.#options;
    try {
      const pairs = await findPairs(source);
      if (pairs.length > 0 || this.#mayBeEmpty) return pairs;
      faults.push(new CertificateError(placeOf(source), "holds no NAME.pem with NAME.key"));
    } catch (error) {
      if (!(error instanceof CertificateError)) throw error;
      faults.push(error);
    }
    return undefined;
  }

  async #loadPair(
    pair: PairFiles,
    faults: CertificateError[],
  ): Promise<LoadedCertificate | undefined> {
    try {
      const [cert, key] = await Promise.all([readPem(pair.cert), readPem(pair.key)]);
      return loadCertificate(pair, cert, key);
    } catch (error) {
      if (!(error instanceof CertificateError)) throw error;
      faults.push(error);
      this.#faults.set(pair.name, error.message);
      return undefined;
    }
  }

  async #loadAuthority(faults: CertificateError[]): Promise<string | undefined> {
    const { clientCa } = this.#options;
    if (clientCa === "") return undefined;
    try {
      const text = await readPem(clientCa);
      if (countAuthorities(clientCa, text) > 0) return text;
      throw new CertificateError(clientCa, "holds no certificate in PEM");
    } catch (error) {
      if (!(error instanceof CertificateError)) throw error;
      faults.push(error);
      return this.#set.clientCa;
    }
  }

  #use(set: CertificateSet): void {
    if (isSame(set, this.#set)) return;
    const before = this.#set;
    this.#set = set;
    this.#loaded.clear();
    for (const one of set.certificates) this.#loaded.set(one.name, one);
    if (!this.#opened) return;
    this.#notify(before, set);
    for (const listener of this.#listeners) listener(set);
  }

  #notify(before: CertificateSet, { certificates }: CertificateSet): void {
    const { log } = this.#options;
    if (this.#set.clientCa !== before.clientCa) {
      log.info("the authorities of {file} are in use", { file: this.#options.clientCa });
    }
    const known = new Set(before.certificates.map(({ fingerprint }) => fingerprint));
    for (const { name, names, notAfter, fingerprint } of certificates) {
      if (known.has(fingerprint)) continue;
      log.info("certificate {name} for {names} is in use, valid until {until}", {
        name,
        names: names.join(", "),
        until: new Date(notAfter).toISOString(),
      });
    }
    for (const { name } of before.certificates) {
      if (certificates.every((one) => one.name !== name)) {
        log.info("certificate {name} was removed", { name });
      }
    }
  }

  #report(faults: readonly CertificateError[]): void {
    for (const fault of faults) {
      this.#options.failures.record(
        "certificates.load",
        `${errorMessage(fault)}; the certificates in use stay`,
      );
    }
  }
}

function isSame(a: CertificateSet, b: CertificateSet): boolean {
  return a.clientCa === b.clientCa && a.certificates.length === b.certificates.length &&
    a.certificates.every((one, at) => {
      const other = b.certificates[at]!;
      return one.name === other.name && one.cert === other.cert && one.key === other.key;
    });
}

/** @throws {CertificateError} one of them cannot be read */
function countAuthorities(file: string, text: string): number {
  try {
    return new Authorities(text).count;
  } catch (error) {
    throw new CertificateError(file, `one of its certificates is bad: ${errorMessage(error)}`);
  }
}

function placeOf(source: CertificateFiles | null): string {
  if (source === null) return "";
  return "folder" in source ? source.folder : source.pairs.map(({ cert }) => cert).join(", ");
}
