/**
 * The handshake and the stream by the documented interface of `node:tls`: slower than
 * `tls_engine.ts`, and used only where the runtime's internal handle is not as that file knows it.
 *
 * @module
 */
import { Duplex } from "node:stream";
import {
  createSecureContext,
  type SecureContext,
  TLSSocket,
  type TLSSocketOptions,
} from "node:tls";
import type { ByteStream } from "./byte_stream.ts";
import type { Socket } from "./socket.ts";
import {
  firstBytes,
  HandshakeError,
  type HandshakePolicy,
  type Raw,
  requireHandshake,
  type Secured,
} from "./tls_handshake.ts";

const READ_BYTES = 16 * 1024;

/**
 * Performs the handshake as the server, as `secure` of tls_handshake.ts does.
 *
 * @param raw the connection
 * @param policy chooses the certificate and the application protocol
 * @throws {HandshakeError} the handshake did not succeed
 */
export async function secureDocumented(raw: Raw, policy: HandshakePolicy): Promise<Secured> {
  const first = await firstBytes(raw);
  requireHandshake(first);
  await policy.turn();
  let serverName = "";
  const options = serverOptions(policy, (name) => serverName = name);
  const socket = new TLSSocket(duplexOf(raw, first), options);
  await established(socket);
  const stream = new DocumentedStream(raw, socket);
  const session = {
    version: socket.getProtocol() ?? "",
    protocol: socket.alpnProtocol || "",
    resumed: socket.isSessionReused(),
  };
  return { stream, socket: stream, session, serverName, client: undefined };
}

function serverOptions(policy: HandshakePolicy, named: (name: string) => void): TLSSocketOptions {
  return {
    isServer: true,
    SNICallback(name: string, done: (error: Error | null, context?: SecureContext) => void) {
      named(name);
      const identity = policy.identity(name);
      // The documented interface does not tell enough about certificates of clients.
      if (identity && !identity.clients) {
        done(null, createSecureContext({ cert: identity.cert, key: identity.key }));
      } // Not in this turn: the runtime does not expect a refusal while it starts.
      else queueMicrotask(() => done(new HandshakeError("name", `no certificate for "${name}"`)));
    },
    ALPNCallback: ({ protocols }: { readonly protocols: readonly string[] }) =>
      policy.protocols.find((one) => protocols.includes(one)),
  } as TLSSocketOptions;
}

function established(socket: TLSSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once("secure", resolve);
    const fail = (error?: Error) =>
      reject(
        error instanceof HandshakeError
          ? error
          : new HandshakeError("tls", error?.message ?? "the client left during the handshake"),
      );
    socket.on("error", fail);
    socket.once("close", () => fail());
  });
}

/** The encrypted side of the socket. */
function duplexOf({ socket, connection }: Raw, first: Uint8Array): Duplex {
  const stream = new Duplex({
    read() {
      const bytes = new Uint8Array(READ_BYTES);
      socket.read(bytes).then(
        (count) => stream.push(count === 0 ? null : bytes.subarray(0, count)),
        (error) => stream.destroy(error),
      );
    },
    write(bytes: Uint8Array, _encoding, done) {
      writeAll(socket, bytes).then(() => done(), done);
    },
    final(done) {
      connection.closeWrite().then(() => done(), done);
    },
  });
  stream.on("error", () => {});
  stream.unshift(first);
  return stream;
}

async function writeAll(socket: Socket, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await socket.write(bytes.subarray(sent));
}

/** The decrypted side of the socket. */
class DocumentedStream implements ByteStream, Socket {
  readonly #raw: Raw;
  readonly #socket: TLSSocket;
  #ended = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(raw: Raw, socket: TLSSocket) {
    this.#raw = raw;
    this.#socket = socket;
    const wake = () => this.#wake?.();
    socket.on("readable", wake);
    socket.once("end", () => {
      this.#ended = true;
      wake();
    });
    socket.on("error", (error) => {
      this.#failure = error;
      wake();
    });
    socket.once("close", () => {
      this.#failure ??= new Deno.errors.BadResource("the connection is closed");
      wake();
    });
  }

  async read(into: Uint8Array): Promise<number> {
    for (;;) {
      const { readableLength } = this.#socket;
      const bytes: Uint8Array | null = readableLength === 0
        ? this.#socket.read()
        : this.#socket.read(Math.min(readableLength, into.length));
      if (bytes !== null) {
        into.set(bytes);
        return bytes.length;
      }
      if (this.#ended) return 0;
      if (this.#failure) throw this.#failure;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  write(bytes: Uint8Array): Promise<number> {
    if (bytes.length === 0) return this.#raw.socket.write(bytes);
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.#socket.write(bytes, (error) => error ? reject(error) : resolve(bytes.length));
    return promise;
  }

  closeWrite(): Promise<void> {
    return new Promise((resolve) => this.#socket.end(() => resolve()));
  }

  close(): void {
    this.#socket.end();
    // The alert is written in this turn's microtasks.
    setTimeout(() => {
      this.#socket.destroy();
      this.#raw.connection.close();
    });
  }
}
