/**
 * The hosts and accounts that records hold.
 *
 * @module
 */
import { createHash, generateKeyPairSync } from "node:crypto";
import { CertificateError, loadCertificate } from "../certificates/certificate.ts";
import type { LoadedCertificate } from "../certificates/certificate.ts";
import { errorMessage, type FailureLog } from "../failures.ts";
import {
  type Account,
  type HostRecord,
  newHost,
  parseAccount,
  parseHost,
  recordText,
} from "./record.ts";
import type { Records } from "./records.ts";

/** A host and its certificate. */
export interface Host {
  readonly record: HostRecord;
  /** The certificate in use; undefined before the first one. */
  readonly certificate: LoadedCertificate | undefined;
}

/** Reads and writes records. One that cannot be used is set aside, and reported. */
export class HostRecords {
  readonly #records: Records;
  readonly #failures: FailureLog;

  constructor(records: Records, failures: FailureLog) {
    this.#records = records;
    this.#failures = failures;
  }

  /**
   * Reads what is known of a host.
   *
   * @throws {Error} the records cannot be read at present
   */
  async load(host: string): Promise<Host> {
    const name = hostName(host);
    const parse = (text: string) => this.hostOf(parseHost(text, host));
    return await this.#read(name, parse) ?? { record: newHost(host), certificate: undefined };
  }

  /** @throws {Error} the records cannot be written at present */
  async save(record: HostRecord): Promise<void> {
    await this.#records.save(hostName(record.host), recordText(record));
  }

  /**
   * Returns the account at an authority. A new key is saved before the authority learns of it, so
   * that no start makes another account because an earlier one could not be saved.
   *
   * @throws {Error} the records cannot be read or written at present
   */
  async account(directory: string): Promise<Account> {
    const found = await this.#read(accountName(directory), (text) => parseAccount(text, directory));
    if (found) return found;
    const made = { directory, key: newKey(), url: null, email: "" };
    await this.saveAccount(made);
    return made;
  }

  /** @throws {Error} the records cannot be written at present */
  async saveAccount(account: Account): Promise<void> {
    await this.#records.save(accountName(account.directory), recordText(account));
  }

  /**
   * Returns a host with its certificate.
   *
   * @throws {CertificateError} the certificate of the record cannot be used
   */
  hostOf(record: HostRecord): Host {
    const { host, certificate } = record;
    if (!certificate) return { record, certificate: undefined };
    const place = this.#records.placeOf(hostName(host));
    const files = { name: host, cert: place, key: place };
    const loaded = loadCertificate(files, certificate.chain, certificate.key, "acme");
    if (loaded.names.includes(host)) return { record, certificate: loaded };
    throw new CertificateError(place, `is valid for ${loaded.names.join(", ")}, not for ${host}`);
  }

  /** @returns undefined if there is no record, or none that can be used */
  async #read<T>(name: string, parse: (text: string) => T): Promise<T | undefined> {
    const text = await this.#records.load(name);
    if (text === undefined) return undefined;
    try {
      return parse(text);
    } catch (error) {
      const aside = await this.#records.setAside(name);
      const place = this.#records.placeOf(name);
      const reason = errorMessage(error).replace(`${place}: `, "");
      this.#failures.record(
        "acme.record",
        `${place}: ${reason}; it was set aside as ${aside}, and a new one is made`,
      );
      return undefined;
    }
  }
}

function hostName(host: string): string {
  return `host-${host}`;
}

/** Each authority has its own account. */
function accountName(directory: string): string {
  return `account-${createHash("sha256").update(directory).digest("hex").slice(0, 12)}`;
}

/** A new private key: P-256, PKCS #8, in PEM. */
export function newKey(): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}
