/**
 * TLS as a codec in memory: encrypted bytes go in and come out, the caller moves them.
 *
 * This is the only file that knows the runtime's internal handle behind `node:tls`. With that handle
 * the connection keeps the data plane's own reads and writes, which cost a fraction of those of
 * `node:tls` streams. `tls_engine_check.ts` tests the handle in memory; where the handle is
 * missing or behaves differently, `tls_fallback.ts` uses the documented interface instead.
 *
 * @module
 */
import { Duplex } from "node:stream";
import { createSecureContext, TLSSocket } from "node:tls";
import { free } from "./buffers.ts";
import type { ClientHello, KeyPair, ServerDemand, ServerIdentity, Session } from "./tls_facts.ts";

/**
 * Most bytes that {@linkcode TlsEngine.send} takes: three records (RFC 8446, section 5.1). The handle
 * buffers no more, and loses the rest of a longer write without notice.
 */
export const MOST_SENT = 48 * 1024;

/** The part of the internal handle that is used here. */
interface Handle {
  engine: TlsEngine;
  onread: (this: Handle, data: ArrayBuffer | undefined) => void;
  onerror: (this: Handle, error: Error) => void;
  onhandshakedone: (this: Handle) => void;
  onclienthello: (this: Handle) => void;
  setHandle(handle: Handle): void;
  attachJsStream(): number;
  enableClientHelloCb(): void;
  finishAccept(context: object, protocol: string | null): number;
  getServername(): string | null | undefined;
  getClientHelloAlpn(): string[];
  initClientTls(serverName: string, context: object): number;
  initServerTls(context: object): number;
  setAlpnProtocols(protocols: readonly string[]): void;
  start(): number;
  readStart(): number;
  readBuffer(encrypted: Uint8Array): void;
  drainEncOut(): Uint8Array;
  writeBuffer(request: object, bytes: Uint8Array): number;
  shutdown(request: object): number;
  destroySsl(): void;
  verifyError(): string | null | undefined;
  getPeerCertificateChain(): { readonly certificates: readonly Uint8Array[] } | null | undefined;
  getAlpnNegotiatedProtocol(out: { alpnProtocol?: string | false }): void;
  getProtocol(out: { protocol?: string }): void;
  isSessionReused(): boolean;
}

type HandleClass = new (kind: number, provider: number) => Handle;

const CLIENT = 0;
const SERVER = 1;
const SOCKET_PROVIDER = 0;

const VERSIONS = { minVersion: "TLSv1.2", maxVersion: "TLSv1.3" } as const;

/** A write's completion is not needed: encrypted bytes are taken at once. */
const REQUEST = { oncomplete(): void {} };

/** One side of a TLS connection. Its state changes only inside the calls of its owner. */
export class TlsEngine {
  /** The client's first message, once it has arrived; {@linkcode accept} must follow. */
  hello: ClientHello | undefined;
  /** Whether the handshake is complete. */
  established = false;
  /** Whether the peer has ended its side with close_notify. */
  ended = false;
  /** Why the connection failed; the bytes to send then include an alert. */
  failure: Error | undefined;
  readonly #handle: Handle;
  /** Decrypted bytes, one piece for each record. */
  #plain: Uint8Array[] = [];

  private constructor(kind: number) {
    const handle = this.#handle = new (handleClass())(kind, SOCKET_PROVIDER);
    handle.engine = this;
    handle.onread = onRead;
    handle.onerror = onError;
    handle.onhandshakedone = onHandshakeDone;
    handle.setHandle(handle);
    handle.attachJsStream();
  }

  /** Opens the server's side, which waits for the client's first message. */
  static server(): TlsEngine {
    const engine = new TlsEngine(SERVER);
    const handle = engine.#handle;
    handle.onclienthello = onClientHello;
    handle.enableClientHelloCb();
    engine.#start();
    return engine;
  }

  /**
   * Opens the client's side; its first message is ready to be sent. The server's chain and its
   * validity are verified, but not for which names the certificate is: see `server_names.ts`.
   *
   * @param serverName name for the server_name extension, or an IP address, which is not sent
   * @param demand whom the client trusts
   * @param protocols the offered application protocols
   * @throws {TypeError} the name, an authority, or the client's certificate is unusable
   */
  static client(
    serverName: string,
    demand: ServerDemand,
    protocols: readonly string[] = [],
  ): TlsEngine {
    const engine = new TlsEngine(CLIENT);
    const handle = engine.#handle;
    const { ca = "", verify = true, pair } = demand;
    const context = { ...VERSIONS, ca, rejectUnauthorized: verify, ...pair };
    if (handle.initClientTls(serverName, context) !== 0) {
      throw new TypeError(
        `TLS cannot begin with the name ${JSON.stringify(serverName)}, these authorities and ` +
          "this certificate",
      );
    }
    if (protocols.length > 0) handle.setAlpnProtocols(protocols);
    engine.#start();
    return engine;
  }

  #start(): void {
    this.#handle.start();
    this.#handle.readStart();
  }

  /**
   * Continues the handshake that the client's first message began.
   *
   * @param identity the certificate to present
   * @param protocol the chosen application protocol; undefined for none
   */
  accept(identity: ServerIdentity, protocol: string | undefined): void {
    this.hello = undefined;
    const context = contextOf(identity);
    if (this.#handle.finishAccept(context, protocol ?? null) === 0) return;
    this.failure ??= new Error("the certificate and its key are not usable");
  }

  /** Takes encrypted bytes of the peer. */
  receive(encrypted: Uint8Array): void {
    this.#handle.readBuffer(encrypted);
  }

  /** Encrypts bytes for the peer. @param bytes at most {@linkcode MOST_SENT} */
  send(bytes: Uint8Array): void {
    this.#handle.writeBuffer(REQUEST, bytes);
  }

  /** Takes the encrypted bytes to send; none are left. {@linkcode free} them after their use. */
  take(): Uint8Array {
    return this.#handle.drainEncOut();
  }

  /** Whether decrypted bytes of the peer are left. */
  get hasPlain(): boolean {
    return this.#plain.length > 0;
  }

  /**
   * Takes decrypted bytes of the peer, as many as there is room for.
   *
   * @param into is filled from its beginning
   * @returns number of bytes
   */
  takePlain(into: Uint8Array): number {
    let end = 0;
    let taken = 0;
    for (const piece of this.#plain) {
      const room = into.length - end;
      into.set(piece.length > room ? piece.subarray(0, room) : piece, end);
      end += Math.min(piece.length, room);
      if (piece.length > room) {
        this.#plain[taken] = piece.subarray(room);
        break;
      }
      free(piece);
      taken++;
    }
    this.#plain = taken === this.#plain.length ? [] : this.#plain.slice(taken);
    return end;
  }

  /** Ends this side with close_notify (RFC 8446, section 6.1). */
  closeNotify(): void {
    this.#handle.shutdown(REQUEST);
  }

  /** Frees the memory; no call may follow. */
  destroy(): void {
    this.#handle.destroySsl();
  }

  /** Facts about the established connection. */
  session(): Session {
    const handle = this.#handle;
    const facts: { protocol?: string; alpnProtocol?: string | false } = {};
    handle.getProtocol(facts);
    handle.getAlpnNegotiatedProtocol(facts);
    return {
      version: facts.protocol ?? "",
      protocol: facts.alpnProtocol || "",
      resumed: handle.isSessionReused(),
    };
  }

  /** Why the peer's certificate is not valid; empty if it is valid, or missing. */
  verifyError(): string {
    return this.#handle.verifyError() ?? "";
  }

  /** The peer's certificate and those that it sent with it, in DER. */
  peerChain(): readonly Uint8Array[] {
    return this.#handle.getPeerCertificateChain()?.certificates ?? [];
  }

  /** The peer's certificate in DER; undefined if it sent none. */
  peerCertificate(): Uint8Array | undefined {
    return this.#handle.getPeerCertificateChain()?.certificates[0];
  }

  /** Called by the handle. */
  decrypted(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#plain.push(bytes);
  }
}

/** Shared by all handles, which carry their engine: a connection costs no closure. */
function onRead(this: Handle, data: ArrayBuffer | undefined): void {
  if (data === undefined) this.engine.ended = true;
  else this.engine.decrypted(new Uint8Array(data));
}

function onError(this: Handle, error: Error): void {
  this.engine.failure ??= error;
}

function onHandshakeDone(this: Handle): void {
  this.engine.established = true;
}

function onClientHello(this: Handle): void {
  this.engine.hello = {
    serverName: this.getServername() ?? "",
    protocols: this.getClientHelloAlpn(),
  };
}

/** An invalid certificate is not refused by the handle in any case: see `client_certificates.ts`. */
function contextOf({ cert, key, clients }: ServerIdentity): object {
  return {
    ...VERSIONS,
    cert,
    key,
    ca: clients?.ca,
    requestCert: clients !== undefined,
    rejectUnauthorized: clients?.required ?? false,
  };
}

let found: HandleClass | undefined;

/** The class has no name of its own: the handle of a socket is an instance. */
function handleClass(): HandleClass {
  if (found) return found;
  const stream = new Duplex({ read() {}, write: (_bytes, _encoding, done) => done() });
  const socket = new TLSSocket(stream, { isServer: true, secureContext: createSecureContext() });
  socket.on("error", () => {});
  const handle: unknown = Reflect.get(socket, "_handle");
  socket.destroy();
  if (typeof handle !== "object" || handle === null) throw new Error("a socket has no handle");
  return found = handle.constructor as HandleClass;
}

/**
 * Whether the runtime's TLS accepts a certificate and its key.
 *
 * @param pair the pair
 */
export function acceptsPair(pair: KeyPair): boolean {
  const handle = new (handleClass())(SERVER, SOCKET_PROVIDER);
  return handle.initServerTls(contextOf(pair)) === 0;
}
