/**
 * The server of the API: connections to its own port or socket, and calls that the data plane hands
 * over. Each kind has its own limit, so that one cannot starve the other.
 *
 * @module
 */
import type { FailureLog } from "../../failures.ts";
import { AcceptErrors } from "../../proxy/transport/accept_errors.ts";
import { acceptAll } from "../../proxy/transport/accept_loop.ts";
import { BufferPool } from "../../proxy/transport/buffers.ts";
import type { ByteStream } from "../../proxy/transport/byte_stream.ts";
import { Deadlines } from "../../proxy/transport/deadlines.ts";
import {
  failureBytes,
  type FailureMessage,
  RETRY_AFTER_S,
} from "../../proxy/errors/error_response.ts";
import { TlsPort } from "../../proxy/downstream/tls_port.ts";
import type { Certificate } from "../../proxy/transport/certificate_table.ts";
import type { DescriptorBudget } from "../../proxy/transport/descriptor_budget.ts";
import { RequestHead } from "../../proxy/http1/request_head.ts";
import { Connection } from "../../proxy/transport/connection.ts";
import { Disconnected } from "../../proxy/transport/connection_reader.ts";
import { isLoopback } from "../auth/host.ts";
import { ApiConnection, type ApiLimits, type Handle } from "./api_connection.ts";

/** The dependencies of a server. */
export interface ApiServerOptions {
  readonly limits: ApiLimits;
  /**
   * Limit on connections to the own port or socket, and on calls that the data plane hands over.
   */
  readonly maxConnections: number;
  /** The budget that counts the file descriptors of connections to the own port or socket. */
  readonly files: DescriptorBudget;
  readonly failures: FailureLog;
  /** TLS of the own port; undefined for none. */
  readonly tls?: ApiTls | undefined;
}

/** TLS of the API's own port. */
export interface ApiTls {
  /** Whether clients without the name of a certificate are refused. */
  readonly strictSni: boolean;
  /** Most handshakes under way. */
  readonly handshakes: number;
  /** The certificates, the default first. */
  readonly certificates: readonly Certificate[];
}

const WITHOUT_TLS = "this port speaks TLS; use https://";

/** Handshakes of the API are not counted: operators are few. */
const UNCOUNTED = { handshake(): void {}, secured(): void {} };

/** Connections of one kind, the most recently used one last. */
type Group = Set<ApiConnection>;

/** The API's server. */
export class ApiServer {
  readonly #options: ApiServerOptions;
  readonly #deadlines = new Deadlines();
  readonly #buffers = new BufferPool();
  readonly #head = new RequestHead();
  readonly #errors: AcceptErrors;
  readonly #tls: TlsPort | undefined;
  readonly #accepted: Group = new Set();
  readonly #handedOver: Group = new Set();
  #listener: Deno.Listener | undefined;
  #acceptFailures = 0;
  #closing = false;
  #onEmpty = () => {};

  constructor(options: ApiServerOptions) {
    this.#options = options;
    this.#errors = new AcceptErrors((message) =>
      options.failures.record("control.accept", message)
    );
    this.#tls = options.tls && this.#openTls(options.tls);
  }

  #openTls(tls: ApiTls): TlsPort {
    const { failures, limits } = this.#options;
    return new TlsPort({
      settings: tls,
      protocols: ["http/1.1"],
      deadlines: this.#deadlines,
      handshakeMs: limits.headMs,
      counters: UNCOUNTED,
      recordFailure: (action, error) => failures.record(action, error),
    }, { certificates: tls.certificates, clientCa: undefined });
  }

  /** Presents other certificates to new connections. */
  certify(certificates: readonly Certificate[]): void {
    this.#tls?.certify({ certificates, clientCa: undefined });
  }

  /** The number of failed accepts. */
  get acceptFailures(): number {
    return this.#acceptFailures;
  }

  /**
   * Serves the connections of a listener from now on.
   *
   * @param listener the own port or socket of the API
   * @param handle answers requests; receives the connected peer
   */
  listen(
    listener: Deno.Listener,
    handle: (request: Request, peer: Deno.Addr) => Promise<Response>,
  ): void {
    this.#listener = listener;
    acceptAll(listener, {
      room: () => this.#roomToAccept(),
      serve: (connection) => this.#serveAccepted(connection, handle),
      onServeError: (error) => this.#options.failures.record("control.connection", error),
      onAcceptError: (error) => {
        this.#acceptFailures++;
        this.#errors.failed(error);
      },
      onOutOfFiles: () => this.#options.files.spent(),
      closed: () => this.#closing,
    });
  }

  /**
   * Serves a connection that the data plane hands over; never rejects.
   *
   * @param connection the connection
   * @param handle answers the connection's requests
   */
  serve(connection: ByteStream, handle: Handle): Promise<void> {
    const transport = new Connection(connection, this.#buffers, "client");
    return this.#serve(transport, handle, this.#handedOver, this.#options.maxConnections);
  }

  /**
   * Takes no more requests and lets running ones finish.
   *
   * @param ms milliseconds after which running requests are cut off
   */
  async close(ms: number): Promise<void> {
    this.#closing = true;
    this.#listener?.close();
    this.#tls?.close();
    this.#errors.close();
    const all = () => [...this.#accepted, ...this.#handedOver];
    for (const connection of all()) if (connection.waiting) connection.close();
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      for (const connection of all()) connection.close();
      resolve();
    }, ms);
    this.#onEmpty = () => {
      if (all().length === 0) resolve();
    };
    this.#onEmpty();
    await promise;
    clearTimeout(timer);
    this.#deadlines.close();
  }

  /** While each new connection evicts another, a new one gets the time to send its request. */
  async #roomToAccept(): Promise<void> {
    if (this.#accepted.size < this.#limit) return;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }

  get #limit(): number {
    return Math.min(this.#options.maxConnections, this.#options.files.apiRoom);
  }

  async #serveAccepted(
    connection: Deno.Conn,
    handle: (request: Request, peer: Deno.Addr) => Promise<Response>,
  ): Promise<void> {
    const { files } = this.#options;
    const { remoteAddr } = connection;
    files.enterApi();
    try {
      if ("setNoDelay" in connection) (connection as Deno.TcpConn).setNoDelay(true);
      const transport = this.#tls && "hostname" in remoteAddr
        ? await this.#secured(this.#tls, connection as Deno.TcpConn, remoteAddr.hostname)
        : new Connection(connection, this.#buffers, "client");
      if (!transport) return;
      const toHandler = (request: Request) => handle(request, remoteAddr);
      await this.#serve(transport, toHandler, this.#accepted, this.#limit);
    } finally {
      files.leaveApi();
    }
  }

  /** @returns undefined if the connection is closed, or was refused */
  async #secured(
    tls: TlsPort,
    connection: Deno.TcpConn,
    address: string,
  ): Promise<Connection | undefined> {
    const secured = await tls.secure({ connection, address, shared: false });
    if (secured === undefined) return undefined;
    if (!("plain" in secured)) {
      return new Connection(secured.stream, this.#buffers, "client", undefined, secured.socket);
    }
    const transport = new Connection(connection, this.#buffers, "client");
    transport.prepend(secured.plain);
    // The command line and the container's health check use loopback, which other machines cannot read.
    if (isLoopback(address)) return transport;
    await this.#refuse(transport, {
      status: 400,
      message: WITHOUT_TLS,
      close: true,
      withBody: true,
    });
    return undefined;
  }

  async #serve(transport: Connection, handle: Handle, group: Group, limit: number): Promise<void> {
    if (group.size >= limit && !closeWaiting(group)) return await this.#turnAway(transport, limit);
    const connection = new ApiConnection(transport, async (request) => {
      // Placed behind connections that have waited for longer.
      if (group.delete(connection)) group.add(connection);
      return await handle(request);
    }, {
      limits: this.#options.limits,
      deadlines: this.#deadlines,
      failures: this.#options.failures,
      closing: () => this.#closing,
      head: this.#head,
      lingers: group === this.#accepted,
    });
    group.add(connection);
    this.#deadlines.add(connection);
    await connection.run();
    this.#deadlines.delete(connection);
    group.delete(connection);
    this.#onEmpty();
  }

  async #turnAway(transport: Connection, limit: number): Promise<void> {
    const message = `the API serves ${limit} connections already, as many as ` +
      "LB_MAX_API_CONNECTIONS and the limit of open files (ulimit -n) allow; try again";
    const retryAfterS = RETRY_AFTER_S;
    await this.#refuse(transport, {
      status: 503,
      message,
      close: true,
      withBody: true,
      retryAfterS,
    });
  }

  async #refuse(transport: Connection, failure: FailureMessage): Promise<void> {
    try {
      await transport.write(failureBytes(failure));
    } catch (error) {
      // The client did not wait for the answer.
      if (!(error instanceof Disconnected)) throw error;
    } finally {
      transport.close();
    }
  }
}

/** Closes the idle connection that has waited longest. @returns whether there was one */
function closeWaiting(group: Group): boolean {
  for (const connection of group) {
    if (!connection.waiting) continue;
    group.delete(connection);
    connection.close();
    return true;
  }
  return false;
}
