/**
 * The handshake of a client's connection: from its first bytes to a decrypted stream.
 *
 * @module
 */
import type { ByteStream } from "./byte_stream.ts";
import type { Socket } from "./socket.ts";
import { TlsEngine } from "./tls_engine.ts";
import type { ClientHello, ServerIdentity, Session } from "./tls_facts.ts";
import { TlsStream } from "./tls_stream.ts";

/** A connection below TLS, and the bytes that were read from it before. */
export interface Raw {
  readonly connection: Pick<ByteStream, "closeWrite" | "close">;
  readonly socket: Socket;
  readonly first?: Uint8Array | undefined;
}

/** Decides about handshakes. */
export interface HandshakePolicy {
  /**
   * Returns the certificate for a name; undefined to refuse the client.
   *
   * @param serverName the name that the client asks for; empty without one
   */
  identity(serverName: string): ServerIdentity | undefined;
  /**
   * Decides about the client's certificate, before anything more is sent to the client.
   *
   * @param identity what was presented to the client
   * @param peer what the client presented
   * @returns the client's identity; undefined for a client without one
   * @throws {HandshakeError} the client is refused
   */
  admit(identity: ServerIdentity, peer: Peer): ClientIdentity | undefined;
  /** Application protocols in order of preference (RFC 7301, section 3.2). */
  readonly protocols: readonly string[];
  /** Waits until the event loop has room for the computation of a handshake. */
  turn(): Promise<void> | undefined;
}

/** The certificate that a client presented. */
export interface Peer {
  /** Its certificate in DER; undefined if it sent none. */
  readonly certificate: Uint8Array | undefined;
  /** Why the certificate is not valid; empty if it is, or after a resumption. */
  readonly error: string;
  /** Whether an earlier session was resumed: its certificate was not verified now. */
  readonly resumed: boolean;
}

/** Identity of a client by its certificate. */
export interface ClientIdentity {
  /** Distinguished name of the certificate's subject. */
  readonly subject: string;
  /** SHA-256 of the certificate, in hexadecimal digits. */
  readonly fingerprint: string;
}

/** A connection after its handshake. */
export interface Secured {
  /** Identity of the client by its certificate; undefined without one. */
  readonly client: ClientIdentity | undefined;
  readonly stream: ByteStream;
  readonly socket: Socket;
  readonly session: Session;
  /** The name that the client asked for; empty without one. */
  readonly serverName: string;
}

/**
 * Why a handshake did not succeed. `plain`: the client speaks HTTP without TLS. `name`: no
 * certificate for the name. `protocol`: no common application protocol. `ended`: the client left.
 * `certificate`: the client's certificate is not accepted. `tls`: anything that TLS itself refuses.
 */
type HandshakeFault = "plain" | "name" | "protocol" | "ended" | "tls" | "certificate";

/** The handshake did not succeed; an alert has been sent where TLS has one. */
export class HandshakeError extends Error {
  override readonly name = "HandshakeError";
  /** The bytes of a client that does not speak TLS. */
  plain = new Uint8Array(0);

  constructor(readonly fault: HandshakeFault, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/** Enough for a usual first message with a post-quantum key share. */
const READ_BYTES = 2048;

/** The first byte of a record that carries a handshake (RFC 8446, section 5.1). */
const HANDSHAKE_RECORD = 0x16;

/** Alerts of the highest level, as records (RFC 8446, section 6). */
const UNRECOGNIZED_NAME = alert(112);
const NO_APPLICATION_PROTOCOL = alert(120);

function alert(description: number): Uint8Array {
  return Uint8Array.of(21, 3, 3, 0, 2, 2, description);
}

/**
 * Performs the handshake as the server. The caller closes the connection at its deadline, and after
 * an error.
 *
 * @param raw the connection
 * @param policy chooses the certificate and the application protocol
 * @throws {HandshakeError} the handshake did not succeed
 */
export async function secure(raw: Raw, policy: HandshakePolicy): Promise<Secured> {
  const handshake = new Handshake(raw, policy);
  try {
    return await handshake.run();
  } catch (error) {
    handshake.destroy();
    if (error instanceof HandshakeError) throw error;
    throw new HandshakeError("ended", "the connection broke during the handshake", {
      cause: error,
    });
  }
}

/** Reads the first bytes of a connection, unless they were read before. */
export async function firstBytes({ socket, first }: Raw): Promise<Uint8Array> {
  if (first !== undefined && first.length > 0) return first;
  return await readSome(socket, new Uint8Array(READ_BYTES));
}

/** @throws {HandshakeError} the bytes are not the beginning of a handshake */
export function requireHandshake(bytes: Uint8Array): void {
  if (bytes[0] === HANDSHAKE_RECORD) return;
  const error = new HandshakeError("plain", "no TLS handshake");
  error.plain = new Uint8Array(bytes);
  throw error;
}

async function readSome(socket: Socket, bytes: Uint8Array): Promise<Uint8Array> {
  const count = await socket.read(bytes);
  if (count === 0) throw new HandshakeError("ended", "the client left during the handshake");
  return bytes.subarray(0, count);
}

class Handshake {
  readonly #raw: Raw;
  readonly #policy: HandshakePolicy;
  readonly #engine = TlsEngine.server();
  #serverName = "";
  #identity: ServerIdentity | undefined;
  #client: ClientIdentity | undefined;

  constructor(raw: Raw, policy: HandshakePolicy) {
    this.#raw = raw;
    this.#policy = policy;
  }

  async run(): Promise<Secured> {
    const engine = this.#engine;
    let bytes = await firstBytes(this.#raw);
    requireHandshake(bytes);
    const buffer = new Uint8Array(READ_BYTES);
    for (;;) {
      engine.receive(bytes);
      if (engine.hello) await this.#answer(engine.hello);
      // Before the session tickets, which would open the port without a certificate.
      if (engine.established) this.#admit();
      await this.#send(engine.take());
      if (engine.failure) throw tlsError(engine.failure);
      if (engine.established) return this.#secured();
      bytes = await readSome(this.#raw.socket, buffer);
    }
  }

  destroy(): void {
    this.#engine.destroy();
  }

  async #answer(hello: ClientHello): Promise<void> {
    const identity = this.#policy.identity(hello.serverName);
    if (!identity) {
      await this.#send(UNRECOGNIZED_NAME);
      throw new HandshakeError("name", `no certificate for ${JSON.stringify(hello.serverName)}`);
    }
    const protocol = this.#policy.protocols.find((one) => hello.protocols.includes(one));
    if (protocol === undefined && hello.protocols.length > 0) {
      await this.#send(NO_APPLICATION_PROTOCOL);
      throw new HandshakeError("protocol", `no common protocol: ${hello.protocols.join(", ")}`);
    }
    await this.#policy.turn();
    this.#serverName = hello.serverName;
    this.#identity = identity;
    this.#engine.accept(identity, protocol);
  }

  #admit(): void {
    const engine = this.#engine;
    const { resumed } = engine.session();
    const peer = { certificate: engine.peerCertificate(), error: engine.verifyError(), resumed };
    this.#client = this.#policy.admit(this.#identity!, peer);
  }

  async #send(bytes: Uint8Array): Promise<void> {
    for (let sent = 0; sent < bytes.length;) {
      sent += await this.#raw.socket.write(bytes.subarray(sent));
    }
  }

  #secured(): Secured {
    const { connection, socket } = this.#raw;
    const stream = new TlsStream(connection, socket, this.#engine);
    return {
      stream,
      socket: stream,
      session: this.#engine.session(),
      serverName: this.#serverName,
      client: this.#client,
    };
  }
}

function tlsError(cause: Error): HandshakeError {
  return new HandshakeError("tls", cause.message, { cause });
}
