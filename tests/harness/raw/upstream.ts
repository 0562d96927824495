/**
 * Servers made of raw connections.
 *
 * @module
 */
import { createServer, type Server } from "node:net";
import { RawConnection } from "./connection.ts";
import type { RawMessage } from "./message.ts";
import { within } from "./within.ts";

/** Answers a request: the bytes of the response, or nothing to have the connection closed. */
type RawAnswer = (
  request: RawMessage,
  connection: RawConnection,
  upstream: RawUpstream,
) => string | undefined | Promise<string | undefined>;

/** The default response of a server. */
export const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/**
 * A server made of raw connections. Heartbeats are answered on the side and counted nowhere.
 */
export class RawUpstream implements AsyncDisposable {
  /** Connections that were accepted, in this order. */
  readonly connections: RawConnection[] = [];
  /** Requests that an answer was asked for, by request line. */
  readonly requests: string[] = [];
  readonly #listener: Deno.TcpListener;
  readonly #all = new Set<RawConnection>();
  readonly #answer: RawAnswer | undefined;
  readonly #loop: Promise<void>;
  #accepted = 0;
  #onAccepted = Promise.withResolvers<void>();

  /** @param answer answers every request; without it a test does so by {@linkcode accept} */
  constructor(answer?: RawAnswer) {
    this.#answer = answer;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#loop = this.#accept();
  }

  get address(): string {
    return `127.0.0.1:${this.#listener.addr.port}`;
  }

  /** The next connection that carries anything but heartbeats. */
  async accept(): Promise<RawConnection> {
    const wait = async () => {
      while (this.connections.length <= this.#accepted) await this.#onAccepted.promise;
      return this.connections[this.#accepted++]!;
    };
    return await within("a connection to the upstream", wait());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#all) connection.close();
    await this.#loop;
  }

  async #accept(): Promise<void> {
    const serving: Promise<void>[] = [];
    try {
      for await (const tcp of this.#listener) serving.push(this.#serve(new RawConnection(tcp)));
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
    await Promise.all(serving);
  }

  async #serve(connection: RawConnection): Promise<void> {
    this.#all.add(connection);
    try {
      if (await this.#heartbeats(connection)) return;
      this.connections.push(connection);
      this.#onAccepted.resolve();
      this.#onAccepted = Promise.withResolvers();
      if (this.#answer) await this.#answerAll(connection, this.#answer);
    } catch {
      // The balancer or the test closed the connection; the test decides if that is a failure.
      connection.close();
    }
  }

  async #answerAll(connection: RawConnection, answer: RawAnswer): Promise<void> {
    for (;;) {
      const request = await connection.request();
      this.requests.push(request.line);
      const response = await answer(request, connection, this);
      if (response === undefined) return connection.close();
      await connection.send(response);
    }
  }

  /** @returns whether the connection carried heartbeats, which were answered to its end */
  async #heartbeats(connection: RawConnection): Promise<boolean> {
    const start = "GET /heartbeat ";
    if (!await connection.startsWith(start)) return false;
    for (;;) {
      await connection.request();
      await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    }
  }
}

/** A server that resets each connection once it has carried something, which Deno's cannot do. */
export class ResettingUpstream implements AsyncDisposable {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @param words bytes that it sends before */
  static async listen(words: string): Promise<ResettingUpstream> {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => {
        if (words === "") socket.resetAndDestroy();
        else socket.write(words, () => socket.resetAndDestroy());
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new ResettingUpstream(server);
  }

  get address(): string {
    const address = this.#server.address();
    return typeof address === "object" ? `127.0.0.1:${address?.port}` : "";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
