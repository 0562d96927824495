/**
 * The certificates of a listener, by the names that they are valid for.
 *
 * @module
 */
import type { UpstreamTrust } from "./tls_client.ts";
import type { KeyPair } from "./tls_facts.ts";

/** A certificate with its key and the names that it is valid for. */
export interface Certificate extends KeyPair {
  /** Names in lower case; `*.` at the beginning stands for one label (RFC 6125, section 6.4.3). */
  readonly names: readonly string[];
}

/** The certificates of a port. */
export interface Credentials {
  /** The certificates, the default first. */
  readonly certificates: readonly Certificate[];
  /** Certificates, in PEM, that sign those of clients; undefined to ask clients for none. */
  readonly clientCa: string | undefined;
  /** Names whose certificates are being obtained: until then no other one stands in for them. */
  readonly awaited?: readonly string[];
  /** Whom the balancer trusts as a replica that speaks TLS; the default trust if undefined. */
  readonly trust?: UpstreamTrust;
}

/** Chooses a certificate by the name that a client asks for. */
export class CertificateTable {
  readonly #byName = new Map<string, Certificate>();
  readonly #awaited: ReadonlySet<string>;
  readonly #fallback: Certificate | undefined;

  /**
   * @param certificates the certificates; of two for one name the first is used
   * @param strict whether clients without a name, or with an unknown one, get no certificate;
   *   otherwise they get the first one
   * @param awaited names in lower case that get no certificate unless one is valid for them
   */
  constructor(
    certificates: readonly Certificate[],
    strict: boolean,
    awaited: readonly string[] = [],
  ) {
    this.#awaited = new Set(awaited);
    for (const certificate of certificates) {
      for (const name of certificate.names) {
        if (!this.#byName.has(name)) this.#byName.set(name, certificate);
      }
    }
    this.#fallback = strict ? undefined : certificates[0];
  }

  /**
   * Returns the certificate for a name: an exact name before a wildcard of one label, then the
   * default.
   *
   * @param serverName the name; empty if the client sent none
   */
  find(serverName: string): Certificate | undefined {
    const name = normal(serverName);
    return this.#valid(name) ?? (this.#awaited.has(name) ? undefined : this.#fallback);
  }

  /** Whether a certificate is valid for a name. */
  knows(serverName: string): boolean {
    return this.#valid(normal(serverName)) !== undefined;
  }

  #valid(name: string): Certificate | undefined {
    return this.#byName.get(name) ?? this.#byName.get(wildcardOf(name));
  }
}

function normal(name: string): string {
  const lower = name.toLowerCase();
  return lower.endsWith(".") ? lower.slice(0, -1) : lower;
}

/** A name of one label has no wildcard: `*.` covers no top level. */
function wildcardOf(name: string): string {
  const dot = name.indexOf(".");
  return dot <= 0 ? "" : `*${name.slice(dot)}`;
}
