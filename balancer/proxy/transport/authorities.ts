/**
 * Authorities that are trusted alone.
 *
 * The runtime's TLS trusts given authorities beside those of the system. Where a file names the
 * authorities, a certificate of any other is refused here: a public authority that is deceived must
 * not vouch for a replica.
 *
 * @module
 */
import { X509Certificate } from "node:crypto";

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Most certificates whose result is remembered. */
const MOST_KNOWN = 1000;

/** The authorities of a file. */
export class Authorities {
  readonly #roots: readonly X509Certificate[];
  /** Fingerprints of certificates that lead to one of them. */
  readonly #known = new Set<string>();

  /**
   * @param pem certificates in PEM
   * @throws {Error} one of them cannot be read
   */
  constructor(readonly pem: string) {
    this.#roots = Array.from(pem.match(PEM_CERTIFICATE) ?? [], (one) => new X509Certificate(one));
  }

  /** Number of the authorities. */
  get count(): number {
    return this.#roots.length;
  }

  /**
   * Whether a certificate was signed by one of the authorities, directly or by certificates of its
   * chain. Validity and purpose of the chain have been verified by TLS before.
   *
   * @param chain the certificate and those that its server sent, in DER
   */
  vouchFor([leaf, ...others]: readonly Uint8Array[]): boolean {
    if (leaf === undefined) return false;
    const certificate = new X509Certificate(leaf);
    const { fingerprint256 } = certificate;
    if (this.#known.has(fingerprint256)) return true;
    if (!this.#isReached(certificate, others.map((one) => new X509Certificate(one)))) return false;
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    this.#known.add(fingerprint256);
    return true;
  }

  /** Looks at each certificate of the chain once. */
  #isReached(certificate: X509Certificate, others: readonly X509Certificate[]): boolean {
    const left = new Set(others);
    const due = [certificate];
    for (let one = due.pop(); one !== undefined; one = due.pop()) {
      const subject = one;
      const { fingerprint256 } = subject;
      const isRoot = (root: X509Certificate) => root.fingerprint256 === fingerprint256;
      if (this.#roots.some((root) => isRoot(root) || hasSigned(root, subject))) return true;
      for (const issuer of [...left].filter((other) => other.ca && hasSigned(other, subject))) {
        left.delete(issuer);
        due.push(issuer);
      }
    }
    return false;
  }
}

function hasSigned(issuer: X509Certificate, subject: X509Certificate): boolean {
  if (subject.issuer !== issuer.subject) return false;
  try {
    return subject.verify(issuer.publicKey);
  } catch {
    // A key of another kind than the signature's: not the issuer.
    return false;
  }
}
