/**
 * The client's side of TLS: the handshake with a replica, and the checks of its certificate.
 *
 * @module
 */
import { X509Certificate } from "node:crypto";
import { errorMessage } from "../../failures.ts";
import { Authorities } from "./authorities.ts";
import type { ByteStream } from "./byte_stream.ts";
import type { HandshakeTurns } from "./handshake_turns.ts";
import { coversHost } from "./server_names.ts";
import { type Socket, socketOf } from "./socket.ts";
import { TlsEngine } from "./tls_engine.ts";
import type { KeyPair, Session } from "./tls_facts.ts";
import { TlsStream } from "./tls_stream.ts";

/** Whom the balancer trusts as a replica, and how it identifies itself; plain data. */
export interface UpstreamTrust {
  /** The name that is asked for and checked; empty for the host of the address. */
  readonly serverName: string;
  /** The authorities in PEM, trusted alone; undefined for those of the system. */
  readonly ca: string | undefined;
  /** Whether certificates are verified. */
  readonly verify: boolean;
  /** The balancer's certificate for replicas that ask for one. */
  readonly pair: KeyPair | undefined;
}

/** Trust of the default settings. */
export const DEFAULT_TRUST: UpstreamTrust = {
  serverName: "",
  ca: undefined,
  verify: true,
  pair: undefined,
};

/**
 * Why a handshake with a replica failed. `plain`: the replica speaks no TLS. `certificate`: its
 * certificate is not valid. `name`: the certificate is valid for other names. `ended`: the
 * connection ended. `tls`: anything else that TLS refuses.
 */
type ClientFault = "plain" | "certificate" | "name" | "ended" | "tls";

/** The handshake with a replica failed; the message is for the operator. */
export class TlsClientError extends Error {
  override readonly name = "TlsClientError";

  constructor(readonly fault: ClientFault, reason: string) {
    super(`TLS: ${reason}`);
  }
}

/** A connection to a replica after its handshake. */
interface SecuredUpstream {
  readonly stream: TlsStream;
  readonly session: Session;
}

/** Replicas are asked in HTTP/1.1 alone. */
const PROTOCOLS = ["http/1.1"];

/** Enough for a usual answer with two certificates. */
const READ_BYTES = 4096;

/** First bytes of records: alert and handshake (RFC 8446, section 5.1). */
const RECORDS = [0x15, 0x16];

/** Reasons by the runtime's codes of invalid certificates. */
const REASONS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "the certificate has expired",
  CERT_NOT_YET_VALID: "the certificate is not valid yet",
  CERT_REVOKED: "the certificate is revoked",
  INVALID_PURPOSE: "the certificate is not for servers",
  DEPTH_ZERO_SELF_SIGNED_CERT: "the certificate is signed by itself, not by a trusted authority",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "no trusted authority signed the certificate, or it has expired",
};

/** Performs handshakes with replicas by the trust in force. */
export class TlsClient {
  readonly #turns: HandshakeTurns;
  #trust: UpstreamTrust;
  #authorities: Authorities | undefined;

  /**
   * @param trust the trust in force
   * @param turns gives handshakes their turns of the event loop
   */
  constructor(trust: UpstreamTrust, turns: HandshakeTurns) {
    this.#turns = turns;
    this.#trust = trust;
    this.#authorities = authoritiesOf(trust);
  }

  /** Changes the trust for the next handshakes; open connections go on. */
  reconfigure(trust: UpstreamTrust): void {
    this.#authorities = authoritiesOf(trust);
    this.#trust = trust;
  }

  /**
   * Performs the handshake. The connection belongs to the result; after an error it is closed.
   *
   * @param connection a connection to the replica
   * @param host host of its address
   * @param signal ends the handshake
   * @throws {TlsClientError} the handshake failed
   * @throws {Error} the reason of the signal
   */
  secure(connection: ByteStream, host: string, signal: AbortSignal): Promise<SecuredUpstream> {
    const { verify } = this.#trust;
    const authorities = this.#authorities;
    return this.#until(
      connection,
      signal,
      () =>
        this.#handshake(connection, host, verify, (engine, name) => {
          if (verify) check(engine, name, authorities);
        }),
    );
  }

  /**
   * Tells why a certificate is refused: the runtime reports an expired one as untrusted. Performs a
   * handshake without verification, and closes the connection.
   *
   * @param connection another connection to the replica
   * @param host host of its address
   * @param signal ends the handshake
   * @returns the reason; undefined if the certificates show none
   */
  async diagnose(
    connection: ByteStream,
    host: string,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    let chain: readonly Uint8Array[] = [];
    const { stream } = await this.#until(
      connection,
      signal,
      () =>
        this.#handshake(connection, host, false, (engine) => {
          chain = engine.peerChain();
        }),
    );
    stream.close();
    return chainFault(chain, Date.now());
  }

  /** Closes the connection when the signal is aborted, and after an error. */
  async #until<T>(
    connection: ByteStream,
    signal: AbortSignal,
    run: () => Promise<T>,
  ): Promise<T> {
    const close = () => connection.close();
    signal.addEventListener("abort", close);
    try {
      signal.throwIfAborted();
      await this.#turns.next();
      return await run();
    } catch (error) {
      if (!signal.aborted) close();
      signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener("abort", close);
    }
  }

  /** @param admit judges the replica before the last message is sent */
  async #handshake(
    connection: ByteStream,
    host: string,
    verify: boolean,
    admit: (engine: TlsEngine, serverName: string) => void,
  ): Promise<SecuredUpstream> {
    const { serverName: given, ca, pair } = this.#trust;
    const serverName = given === "" ? host : given;
    const socket = socketOf(connection);
    const engine = openEngine(serverName, { ca, verify, pair });
    try {
      await exchange(engine, socket);
      admit(engine, serverName);
      await send(engine, socket);
      const stream = new TlsStream(connection, socket, engine, true);
      return { session: engine.session(), stream };
    } catch (error) {
      engine.destroy();
      if (error instanceof TlsClientError) throw error;
      throw new TlsClientError("ended", `the handshake broke off: ${errorMessage(error)}`);
    }
  }
}

function authoritiesOf({ ca }: UpstreamTrust): Authorities | undefined {
  return ca === undefined ? undefined : new Authorities(ca);
}

function openEngine(
  serverName: string,
  demand: Pick<UpstreamTrust, "ca" | "verify" | "pair">,
): TlsEngine {
  try {
    return TlsEngine.client(serverName, demand, PROTOCOLS);
  } catch (error) {
    throw new TlsClientError("tls", errorMessage(error));
  }
}

/** Passes messages until the handshake is complete; its last message is not sent yet. */
async function exchange(engine: TlsEngine, socket: Socket): Promise<void> {
  const buffer = new Uint8Array(READ_BYTES);
  for (let first = true;; first = false) {
    await send(engine, socket);
    if (engine.failure) throw failureOf(engine.failure);
    const count = await socket.read(buffer);
    if (count === 0) throw new TlsClientError("ended", "the replica left during the handshake");
    if (first && !RECORDS.includes(buffer[0]!)) {
      throw new TlsClientError("plain", "the replica answers without TLS");
    }
    engine.receive(buffer.subarray(0, count));
    if (engine.established) return;
  }
}

async function send(engine: TlsEngine, socket: Socket): Promise<void> {
  const bytes = engine.take();
  for (let sent = 0; sent < bytes.length;) sent += await socket.write(bytes.subarray(sent));
}

function failureOf(failure: Error): TlsClientError {
  const code: unknown = Reflect.get(failure, "code");
  const reason = typeof code === "string" ? REASONS[code] : undefined;
  if (reason !== undefined) return new TlsClientError("certificate", reason);
  return new TlsClientError("tls", failure.message);
}

/** The checks that the runtime leaves to its caller. @throws {TlsClientError} one of them failed */
function check(engine: TlsEngine, serverName: string, authorities: Authorities | undefined): void {
  const code = engine.verifyError();
  if (code !== "") throw new TlsClientError("certificate", REASONS[code] ?? code);
  // A resumed session was not verified now. The runtime resumes none, and must not begin to.
  if (engine.session().resumed) {
    throw new TlsClientError("certificate", "a session was resumed without verification");
  }
  const chain = engine.peerChain();
  const [leaf] = chain;
  if (!leaf || !coversHost(leaf, serverName)) {
    throw new TlsClientError("name", `the certificate is not for ${serverName}`);
  }
  if (authorities && !authorities.vouchFor(chain)) {
    throw new TlsClientError(
      "certificate",
      "no authority of LB_UPSTREAM_TLS_CA signed the certificate",
    );
  }
}

/** The first fault that the certificates themselves show. */
function chainFault(chain: readonly Uint8Array[], now: number): string | undefined {
  for (const der of chain) {
    const { validFrom, validTo, subject } = new X509Certificate(der);
    const whose = der === chain[0] ? "the certificate" : `the certificate of ${subject}`;
    if (Date.parse(validTo) < now) return `${whose} has expired on ${dateOf(validTo)}`;
    if (Date.parse(validFrom) > now) return `${whose} is valid from ${dateOf(validFrom)} on`;
  }
  return undefined;
}

function dateOf(text: string): string {
  return new Date(text).toISOString().slice(0, 10);
}
