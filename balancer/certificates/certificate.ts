/**
 * A certificate and its key: parsed, checked and described.
 *
 * @module
 */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { errorMessage } from "../failures.ts";
import type { Certificate } from "../proxy/transport/certificate_table.ts";
import { acceptsPair } from "../proxy/transport/tls_engine.ts";

/** A pair that cannot be used; the message names the file and the reason. */
export class CertificateError extends Error {
  override readonly name = "CertificateError";

  constructor(readonly file: string, reason: string) {
    super(`${file}: ${reason}`);
  }
}

/** The files of a certificate chain and its private key, both in PEM. */
export interface PairFiles {
  /** Name of the pair in metrics and messages. */
  readonly name: string;
  readonly cert: string;
  readonly key: string;
}

/** Where a certificate comes from: files of the operator, or an authority by ACME. */
type CertificateOrigin = "file" | "acme";

/** A certificate that can be used. */
export interface LoadedCertificate extends Certificate {
  readonly source: CertificateOrigin;
  /** Name of the pair. */
  readonly name: string;
  /** Begin and end of its validity, in milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** SHA-256 of the certificate, in hexadecimal digits. */
  readonly fingerprint: string;
  /** The kind of its key. */
  readonly kind: "ec" | "rsa" | "ed25519";
}

/** One certificate of a chain (RFC 7468, section 5). */
const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/;
const ENCRYPTED = /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m;

/** Only the key of a certificate is for servers: clients check names of the subject no longer. */
const DNS_NAME = /^DNS:(.+)$/;

/**
 * Parses and checks a pair.
 *
 * @param files names of the files, for messages
 * @param cert the certificate, followed by those of its chain, in PEM
 * @param key the private key in PEM
 * @param source where it comes from
 * @throws {CertificateError} the pair cannot be used
 */
export function loadCertificate(
  files: PairFiles,
  cert: string,
  key: string,
  source: CertificateOrigin = "file",
): LoadedCertificate {
  const x509 = parseCertificate(files.cert, cert);
  const privateKey = parseKey(files.key, key);
  const kind = privateKey.asymmetricKeyType;
  if (kind !== "ec" && kind !== "rsa" && kind !== "ed25519") {
    throw new CertificateError(files.key, `must be an EC, Ed25519 or RSA key; got ${kind}`);
  }
  if (!x509.checkPrivateKey(privateKey)) {
    throw new CertificateError(files.key, `is not the key of the certificate in ${files.cert}`);
  }
  if (!acceptsPair({ cert, key })) {
    throw new CertificateError(files.cert, "TLS does not support this certificate or its key");
  }
  return {
    name: files.name,
    source,
    cert,
    key,
    kind,
    names: namesOf(x509),
    notBefore: Date.parse(x509.validFrom),
    notAfter: Date.parse(x509.validTo),
    fingerprint: x509.fingerprint256.replaceAll(":", "").toLowerCase(),
  };
}

function parseCertificate(file: string, text: string): X509Certificate {
  const [pem] = PEM_CERTIFICATE.exec(text) ?? [];
  if (pem === undefined) throw new CertificateError(file, "holds no certificate in PEM");
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw new CertificateError(file, `its certificate cannot be read: ${errorMessage(error)}`);
  }
}

function parseKey(file: string, text: string): KeyObject {
  if (ENCRYPTED.test(text)) throw new CertificateError(file, "its key is encrypted; remove that");
  try {
    return createPrivateKey(text);
  } catch {
    // The parser's message is about its own steps.
    throw new CertificateError(file, "holds no private key in PEM");
  }
}

/** RFC 9525, section 6.3: names are those of subjectAltName, never the common name. */
function namesOf({ subjectAltName = "" }: X509Certificate): string[] {
  return subjectAltName.split(", ").flatMap((entry) => {
    const name = DNS_NAME.exec(entry)?.[1];
    return name === undefined ? [] : [name.toLowerCase()];
  });
}

/**
 * Orders certificates so that the first of a name is the one to use: the default first, then EC
 * before RSA, which costs five times as much CPU a handshake, then the one that is valid longest.
 *
 * @param certificates the certificates; the first is the default
 */
export function inOrder(
  certificates: readonly LoadedCertificate[],
): readonly LoadedCertificate[] {
  const [first, ...others] = certificates;
  if (!first) return [];
  return [first, ...others.toSorted((a, b) => rank(a) - rank(b) || b.notAfter - a.notAfter)];
}

function rank({ kind }: LoadedCertificate): number {
  return kind === "rsa" ? 1 : 0;
}
