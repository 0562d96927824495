/**
 * Decides about certificates of clients.
 *
 * The runtime's TLS verifies a certificate and reports the result, but refuses none; and all
 * listeners of a thread share one key of session tickets, so that a ticket of a listener that asks
 * for no certificate could open one that does. Hence two guards: a certificate with an error is
 * refused before the tickets are sent, and a resumed session is accepted only if its certificate was
 * verified here, against the present authorities.
 *
 * @module
 */
import { createHash, X509Certificate } from "node:crypto";
import { type ClientIdentity, HandshakeError, type Peer } from "../transport/tls_handshake.ts";
import type { ClientDemand } from "../transport/tls_facts.ts";

/** Most certificates that are remembered; a client with a forgotten one makes a full handshake. */
const MOST_KNOWN = 10_000;

/** The certificates that were verified against one set of authorities. */
export class ClientCertificates {
  readonly #known = new Map<string, ClientIdentity>();

  /** @param demand the authorities, and whether a certificate is required */
  constructor(readonly demand: ClientDemand) {}

  /**
   * Returns the identity of a client; undefined for a client without a certificate.
   *
   * @param peer what the client presented
   * @throws {HandshakeError} the client is refused
   */
  admit({ certificate, error, resumed }: Peer): ClientIdentity | undefined {
    if (error !== "") throw refusal(`the client's certificate is not valid: ${error}`);
    if (certificate === undefined) {
      if (this.demand.required) throw refusal("the client has no certificate");
      return undefined;
    }
    const fingerprint = createHash("sha256").update(certificate).digest("hex");
    const known = this.#known.get(fingerprint);
    if (resumed && !known) throw refusal("the resumed session's certificate was not verified here");
    return known ?? this.#remember(certificate, fingerprint);
  }

  #remember(certificate: Uint8Array, fingerprint: string): ClientIdentity {
    const [oldest] = this.#known.keys();
    if (this.#known.size >= MOST_KNOWN && oldest !== undefined) this.#known.delete(oldest);
    const identity = { subject: subjectOf(certificate), fingerprint };
    this.#known.set(fingerprint, identity);
    return identity;
  }
}

function refusal(message: string): HandshakeError {
  return new HandshakeError("certificate", message);
}

/** Longest subject that is passed on, in characters. */
const MOST_CHARACTERS = 512;

/**
 * The parts of the subject, the most specific first. Everything that could be mistaken for the
 * separation of two parts, and all but visible ASCII, is escaped (RFC 4514, section 2.4).
 */
function subjectOf(certificate: Uint8Array): string {
  const { subject } = new X509Certificate(certificate).toLegacyObject();
  const parts = Object.entries(subject).flatMap(([type, values]) =>
    [values].flat().map((value) => `${type}=${Array.from(String(value), escaped).join("")}`)
  );
  return parts.reverse().join(",").slice(0, MOST_CHARACTERS);
}

function escaped(letter: string): string {
  if (/[,+"\\<>;=]/.test(letter)) return `\\${letter}`;
  if (/[ -~]/.test(letter)) return letter;
  const bytes = new TextEncoder().encode(letter);
  return Array.from(bytes, (byte) => `\\${byte.toString(16).padStart(2, "0")}`).join("");
}
