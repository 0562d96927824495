/**
 * Both ends of the balancer as raw sockets, so that tests see and send exact bytes. Nothing here
 * shares code with the balancer's own parser.
 *
 * @module
 */
import { createServer, type Server } from "node:net";
import { Balancer } from "./balancer.ts";

/** Nothing that a test waits for on this machine takes longer, unless something is broken. */
const DEADLINE_MS = 10_000;

/** A message as it came over a raw connection. */
export interface RawMessage {
  /** First line, without its line end. */
  readonly line: string;
  /** Field lines as they came, without line ends. */
  readonly fields: readonly string[];
  /** The body as it came, chunks and trailers included. */
  readonly raw: string;
  /** The body without its framing. */
  readonly body: string;
}

/** How a connection ended, and what came before it did. */
export interface RawEnd {
  readonly text: string;
  readonly reset: boolean;
}

/** Waits for something, but not for ever. */
export async function within<T>(
  what: string,
  promise: Promise<T>,
  ms: number = DEADLINE_MS,
): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`${what}: not within ${ms} ms`)), ms);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Text to bytes and back, one byte a character. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

function textOf(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return text;
}

/** The value of the only field of that name; all of them, parted by "|", if there are several. */
export function field({ fields }: RawMessage, name: string): string | undefined {
  const start = `${name.toLowerCase()}:`;
  const values = fields.filter((line) => line.toLowerCase().startsWith(start))
    .map((line) => line.slice(start.length).trim());
  return values.length === 0 ? undefined : values.join("|");
}

/** The status code of a response. */
export function statusOf({ line }: RawMessage): number {
  return Number(/^HTTP\/1\.[01] (\d{3})/.exec(line)?.[1]);
}

/** A TCP connection with what was read from it and not used yet. */
export class RawConnection implements Disposable {
  readonly #connection: Deno.TcpConn;
  readonly #buffer = new Uint8Array(256 * 1024);
  #unread = "";
  #end: "eof" | "reset" | undefined;

  constructor(connection: Deno.TcpConn) {
    connection.setNoDelay(true);
    this.#connection = connection;
  }

  /** Connects to a port of this machine. */
  static async to(port: number): Promise<RawConnection> {
    return new RawConnection(
      await within("connect", Deno.connect({ port, hostname: "127.0.0.1" })),
    );
  }

  /** What was read and not used yet. */
  get unread(): string {
    return this.#unread;
  }

  async send(data: string | Uint8Array): Promise<void> {
    let rest = typeof data === "string" ? bytesOf(data) : data;
    while (rest.length > 0) rest = rest.subarray(await this.#connection.write(rest));
  }

  /** One write a piece, each on the wire before the next. */
  async sendPieces(pieces: Iterable<string>): Promise<void> {
    for (const piece of pieces) await this.send(piece);
  }

  /** Ends this side and goes on reading. */
  async end(): Promise<void> {
    await this.#connection.closeWrite();
  }

  /** Waits for enough bytes to tell, reads no more than those, and leaves them unused. */
  async startsWith(start: string): Promise<boolean> {
    while (start.startsWith(this.#unread) && this.#unread !== start) {
      if (!await this.#fill(start.length - this.#unread.length)) throw new Error("said nothing");
    }
    return this.#unread.startsWith(start);
  }

  /** Everything up to the marker and with it. */
  async until(marker: string): Promise<string> {
    const wait = async () => {
      let from = 0;
      for (;;) {
        const at = this.#unread.indexOf(marker, from);
        if (at >= 0) return this.#take(at + marker.length);
        from = Math.max(0, this.#unread.length - marker.length);
        await this.#need(marker);
      }
    };
    return await within(`until ${JSON.stringify(marker)}`, wait());
  }

  /** Exactly so many bytes. */
  async exactly(count: number): Promise<string> {
    const wait = async () => {
      while (this.#unread.length < count) await this.#need(`${count} bytes`);
      return this.#take(count);
    };
    return await within(`${count} bytes`, wait());
  }

  /** Counts and forgets so many bytes. */
  async skip(count: number): Promise<void> {
    let left = count - this.#unread.length;
    this.#unread = "";
    while (left > 0) {
      const read = await within("bytes to skip", this.#connection.read(this.#buffer));
      if (read === null) throw new Error(`ended with ${left} of ${count} bytes to come`);
      left -= read;
    }
    if (left < 0) throw new Error(`${-left} bytes more than ${count}`);
  }

  /** Everything up to the end of the connection. */
  async rest(): Promise<RawEnd> {
    const wait = async () => {
      while (await this.#fill());
    };
    await within("the end of the connection", wait());
    return { text: this.#take(this.#unread.length), reset: this.#end === "reset" };
  }

  /** A whole response. @param method of the request that it answers */
  async response(method = "GET"): Promise<RawMessage> {
    const { line, fields } = await this.head();
    const status = statusOf({ line, fields, raw: "", body: "" });
    const bodyless = status < 200 || status === 204 || status === 304 || method === "HEAD";
    if (bodyless) return { line, fields, raw: "", body: "" };
    return { line, fields, ...await this.#body(fields, true) };
  }

  /** A whole request. */
  async request(): Promise<RawMessage> {
    const { line, fields } = await this.head();
    return { line, fields, ...await this.#body(fields, false) };
  }

  /** A head alone. */
  async head(): Promise<Pick<RawMessage, "line" | "fields">> {
    const [line = "", ...fields] = (await this.until("\r\n\r\n")).slice(0, -4).split("\r\n");
    return { line, fields };
  }

  /** The head of a message whose body is yet to come. */
  async headOnly(): Promise<RawMessage> {
    return { ...await this.head(), raw: "", body: "" };
  }

  /** Closes it; with bytes that were not read the peer sees a reset. */
  close(): void {
    try {
      this.#connection.close();
    } catch (error) {
      // A test may close it early.
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #body(fields: readonly string[], untilEnd: boolean) {
    const message = { line: "", fields, raw: "", body: "" };
    if (field(message, "transfer-encoding") === "chunked") return await this.#chunks();
    const length = field(message, "content-length");
    if (length === undefined && untilEnd) {
      const { text } = await this.rest();
      return { raw: text, body: text };
    }
    const raw = await this.exactly(Number(length ?? 0));
    return { raw, body: raw };
  }

  async #chunks() {
    let raw = "";
    let body = "";
    for (;;) {
      const line = await this.until("\r\n");
      const size = parseInt(line, 16);
      raw += line;
      if (size === 0) break;
      const chunk = await this.exactly(size + 2);
      raw += chunk;
      body += chunk.slice(0, -2);
    }
    for (let line = ""; line !== "\r\n";) raw += line = await this.until("\r\n");
    return { raw, body };
  }

  #take(count: number): string {
    const taken = this.#unread.slice(0, count);
    this.#unread = this.#unread.slice(count);
    return taken;
  }

  async #need(what: string): Promise<void> {
    if (await this.#fill()) return;
    throw new Error(`${this.#end} instead of ${what} after ${JSON.stringify(this.#unread)}`);
  }

  async #fill(most = Infinity): Promise<boolean> {
    if (this.#end) return false;
    try {
      const count = await this.#connection.read(this.#buffer.subarray(0, most));
      if (count === null) this.#end = "eof";
      else this.#unread += textOf(this.#buffer.subarray(0, count));
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
      this.#end = "reset";
    }
    return this.#end === undefined;
  }
}

/** Answers a request: the bytes of the response, or nothing to have the connection closed. */
export type RawAnswer = (
  request: RawMessage,
  connection: RawConnection,
  upstream: RawUpstream,
) => string | undefined | Promise<string | undefined>;

/** What a server that has nothing to say says. */
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
      // The balancer or the test has closed it; what that means, the test knows.
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

  /** @param words what it says before */
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

/**
 * A balancer with one worker in front of raw servers.
 *
 * @param upstreams they are Server1, Server2, ...
 * @param env further settings; without LB_HEALTH_PATH servers are up until a connection fails
 */
export function balancerFor(
  upstreams: readonly (RawUpstream | ResettingUpstream)[],
  env: Record<string, string> = {},
): Promise<RawBalancer> {
  return RawBalancer.for(upstreams.map(({ address }) => address), env);
}

/** A balancer that tests reach by raw connections. */
export class RawBalancer implements AsyncDisposable {
  constructor(readonly balancer: Balancer) {}

  static async for(
    addresses: readonly string[],
    env: Record<string, string> = {},
  ): Promise<RawBalancer> {
    return new RawBalancer(
      await Balancer.ready({
        LB_ENGINE: "static",
        LB_UPSTREAMS: addresses.join(),
        LB_HEALTH_PATH: "",
        LB_WORKERS: "1",
        LB_DRAIN_MS: "1000",
        LB_DRAIN_STREAMS_MS: "1000",
        ...env,
      }),
    );
  }

  get port(): number {
    return Number(new URL(this.balancer.url).port);
  }

  connect(): Promise<RawConnection> {
    return RawConnection.to(this.port);
  }

  /** Sends bytes on a connection of their own, and reads one response. */
  async ask(request: string, method?: string): Promise<RawMessage> {
    using client = await this.connect();
    await client.send(request);
    return await client.response(method);
  }

  /**
   * Resolves when the worker has read what was sent before: it has answered a call since. The
   * upstreams do not see it.
   */
  async seen(): Promise<void> {
    await this.ask("GET /rep HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  }

  /** What failed so far: nothing that a peer does wrong may be found here. */
  async failures(): Promise<Readonly<Record<string, number>>> {
    return (await this.balancer.status()).failures;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.balancer[Symbol.asyncDispose]();
  }
}

/** A request without a body. */
export function get(path = "/", ...fields: string[]): string {
  return [`GET ${path} HTTP/1.1`, "Host: a.example", ...fields, "", ""].join("\r\n");
}
