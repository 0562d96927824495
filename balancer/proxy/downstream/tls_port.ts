/**
 * The side of a TLS port that all its connections share: certificates, bounds, and the handshake.
 *
 * @module
 */
import type { OwnCounters } from "../stats/counters.ts";
import type { TlsSettings } from "../settings.ts";
import { CertificateTable, type Credentials } from "../transport/certificate_table.ts";
import type { Deadlines } from "../transport/deadlines.ts";
import { socketOf } from "../transport/socket.ts";
import type { ServerIdentity } from "../transport/tls_facts.ts";
import { engineFault } from "../transport/tls_engine_check.ts";
import { secureDocumented } from "../transport/tls_fallback.ts";
import {
  type ClientIdentity,
  HandshakeError,
  type HandshakePolicy,
  type Peer,
  secure,
  type Secured,
} from "../transport/tls_handshake.ts";
import { ClientCertificates } from "./client_certificates.ts";
import { HandshakeLimits } from "./handshake_limits.ts";
import { PendingHandshake } from "./pending_handshake.ts";

/** The name of HTTP/2 in ALPN (RFC 9113, section 3.1). */
export const HTTP2 = "h2";

/** Dependencies of a {@linkcode TlsPort}. */
interface TlsServices {
  readonly settings: Pick<TlsSettings, "strictSni" | "handshakes" | "clientsRequired">;
  readonly deadlines: Pick<Deadlines, "now" | "in" | "add" | "delete">;
  /** Application protocols in order of preference. */
  readonly protocols: readonly string[];
  /** Milliseconds for a handshake. */
  readonly handshakeMs: number;
  readonly counters: Pick<OwnCounters, "handshake" | "secured">;
  /** Records an error that no client caused. */
  recordFailure(action: string, error: unknown): void;
}

/** A client's connection before its handshake. */
interface Unsecured {
  readonly connection: Deno.TcpConn;
  /** IP address of the client. */
  readonly address: string;
  /** Whether the peer is a proxy that carries many clients. */
  readonly shared: boolean;
  /** Bytes that were read before. */
  readonly first?: Uint8Array | undefined;
}

/** The first bytes of a client that speaks HTTP without TLS. */
interface PlainBytes {
  readonly plain: Uint8Array;
}

/** The TLS port of one worker. */
export class TlsPort {
  readonly #services: TlsServices;
  readonly #limits: HandshakeLimits<PendingHandshake>;
  readonly #pending = new Set<PendingHandshake>();
  readonly #policy: Omit<HandshakePolicy, "turn">;
  #table: CertificateTable;
  #clients: ClientCertificates | undefined;
  /** Undefined until there is a certificate to test the engine with. */
  #secure: typeof secure | undefined;

  /**
   * @param services dependencies of the port
   * @param credentials the certificates, and the authorities of clients
   */
  constructor(services: TlsServices, credentials: Credentials) {
    this.#services = services;
    this.#clients = this.#clientsOf(credentials);
    this.#limits = new HandshakeLimits(services.settings.handshakes);
    this.#table = this.#tableOf(credentials);
    this.#policy = {
      identity: (name) => this.#identityOf(name),
      admit: (identity, peer) => this.#admit(identity, peer),
      protocols: services.protocols,
    };
    this.#choose(credentials);
  }

  /** Uses other certificates from the next handshake on; connections and tickets stay valid. */
  certify(credentials: Credentials): void {
    if (credentials.clientCa !== this.#clients?.demand.ca) {
      this.#clients = this.#clientsOf(credentials);
    }
    this.#table = this.#tableOf(credentials);
    this.#choose(credentials);
  }

  #tableOf({ certificates, awaited }: Credentials): CertificateTable {
    return new CertificateTable(certificates, this.#services.settings.strictSni, awaited);
  }

  #clientsOf({ clientCa }: Credentials): ClientCertificates | undefined {
    if (clientCa === undefined) return undefined;
    const { clientsRequired: required = true } = this.#services.settings;
    return new ClientCertificates({ ca: clientCa, required });
  }

  #identityOf(name: string): ServerIdentity | undefined {
    const certificate = this.#table.find(name);
    return certificate && this.#clients
      ? { ...certificate, clients: this.#clients.demand }
      : certificate;
  }

  #admit({ clients }: ServerIdentity, peer: Peer): ClientIdentity | undefined {
    if (clients === this.#clients?.demand) return this.#clients?.admit(peer);
    throw new HandshakeError("certificate", "the authorities of clients were replaced meanwhile");
  }

  /** The engine in memory, or the documented interface where the runtime's handle is another. */
  #choose({ certificates: [certificate] }: Credentials): void {
    if (this.#secure || !certificate) return;
    const fault = engineFault(certificate);
    this.#secure = fault === undefined ? secure : secureDocumented;
    if (fault === undefined) return;
    const message = `TLS uses the slower documented interface, since ${fault}`;
    this.#services.recordFailure("proxy.tls", message);
  }

  /**
   * Performs the handshake of a connection. A connection whose handshake fails is closed, unless its
   * client speaks HTTP without TLS.
   *
   * @returns the bytes of such a client; undefined for any other failure
   */
  async secure(unsecured: Unsecured): Promise<Secured | PlainBytes | undefined> {
    const { address, shared, connection } = unsecured;
    const { deadlines, handshakeMs, counters } = this.#services;
    const pending = new PendingHandshake(connection, address, shared, deadlines, handshakeMs);
    if (!this.#limits.enter(pending)) {
      counters.handshake("crowded");
      pending.close();
      return undefined;
    }
    try {
      return await this.#handshake(unsecured, pending);
    } finally {
      this.#limits.leave(pending);
    }
  }

  async #handshake(
    { connection, first }: Unsecured,
    pending: PendingHandshake,
  ): Promise<Secured | PlainBytes | undefined> {
    const { deadlines } = this.#services;
    deadlines.add(pending);
    this.#pending.add(pending);
    const policy = { ...this.#policy, turn: () => pending.queue(this.#limits.turn()) };
    try {
      const socket = socketOf(connection);
      const secured = await (this.#secure ?? secure)({ connection, socket, first }, policy);
      this.#succeeded(secured);
      return secured;
    } catch (error) {
      return this.#failed(error, pending);
    } finally {
      deadlines.delete(pending);
      this.#pending.delete(pending);
    }
  }

  #succeeded({ session: { version, protocol, resumed }, serverName }: Secured): void {
    const { counters } = this.#services;
    const kind = serverName === "" ? "none" : this.#table.knows(serverName) ? "known" : "unknown";
    counters.handshake(resumed ? "resumed" : "full");
    counters.secured(version, protocol === HTTP2, kind);
  }

  #failed(error: unknown, pending: PendingHandshake): PlainBytes | undefined {
    const { counters, recordFailure } = this.#services;
    const refused = error instanceof HandshakeError ? error : undefined;
    const fault = refused?.fault;
    const end = pending.displaced ? "crowded" : pending.late ? "late" : fault ?? "tls";
    counters.handshake(end);
    if (refused?.fault === "plain") return { plain: refused.plain };
    pending.close();
    if (fault === undefined) recordFailure("proxy.tls", error);
    return undefined;
  }

  /** Ends all handshakes under way. */
  close(): void {
    for (const pending of this.#pending) pending.close();
  }
}
