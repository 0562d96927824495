/**
 * The public port before the workers have it, and how it is reached.
 *
 * @module
 */
import type { FailureLog } from "./failures.ts";
import { failureBody } from "./reply.ts";
import type { Address } from "./view.ts";

/** Most clients that are answered at the same time while the balancer starts. */
const MOST_CLIENTS = 64;

/** How long one of them may take to send its request, in milliseconds. */
const CLIENT_MS = 1000;

/** A port that is kept for the workers: from the first moment until they listen, without a gap. */
export class PublicPort {
  readonly address: Address;
  readonly #listener: Deno.TcpListener;
  readonly #failures: FailureLog;
  #clients = 0;
  readonly #answering: Promise<void>;
  #released = false;

  /**
   * The workers share their port, so they would not notice another program that shares it, too; and
   * a taken port has to end the balancer before it starts a replica.
   *
   * @param wanted where to listen; port 0 takes a free one
   * @param failures told what goes wrong with clients that come too early
   * @throws {Deno.errors.AddrInUse} another program has the port
   */
  constructor({ hostname, port }: Address, failures: FailureLog) {
    this.#failures = failures;
    this.#listener = port === 0 ? shared(hostname, port) : claim(hostname, port);
    this.address = { hostname, port: this.#listener.addr.port };
    this.#answering = this.#answer();
  }

  /** The workers listen, or never will. Resolves when every new connection is theirs. */
  async release(): Promise<void> {
    this.#released = true;
    this.#listener.close();
    await this.#answering;
  }

  /** Who connects before the workers listen is told to come back. */
  async #answer(): Promise<void> {
    while (!this.#released) {
      try {
        const client = await this.#listener.accept();
        if (this.#clients < MOST_CLIENTS) this.#turnAway(client);
        else client.close();
      } catch (error) {
        if (this.#released) return;
        this.#failures.record("start.accept", error);
        await new Promise((resolve) => setTimeout(resolve, ACCEPT_PAUSE_MS));
      }
    }
  }

  async #turnAway(client: Deno.TcpConn): Promise<void> {
    this.#clients++;
    const timer = setTimeout(() => close(client), CLIENT_MS);
    try {
      // An answer that is sent before the request was read could be lost with a reset.
      await client.read(new Uint8Array(REQUEST_BYTES));
      await client.write(STARTING);
      await client.closeWrite();
    } catch (error) {
      if (!isDisconnect(error)) this.#failures.record("start.answer", error);
    } finally {
      clearTimeout(timer);
      close(client);
      this.#clients--;
    }
  }
}

const REQUEST_BYTES = 8192;

/** After a failed accept, in milliseconds: the next one would fail, too. */
const ACCEPT_PAUSE_MS = 100;

const STARTING = startingAnswer();

function startingAnswer(): Uint8Array {
  const body = JSON.stringify(failureBody("the balancer starts; try again in a second"));
  const head = [
    "HTTP/1.1 503 Service Unavailable",
    "content-type: application/json",
    `content-length: ${body.length}`,
    "retry-after: 1",
    "connection: close",
  ];
  return new TextEncoder().encode(`${head.join("\r\n")}\r\n\r\n${body}`);
}

function isDisconnect(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.ConnectionAborted ||
    error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.NotConnected ||
    error instanceof Deno.errors.BadResource ||
    error instanceof Deno.errors.Interrupted;
}

function close(client: Deno.TcpConn): void {
  try {
    client.close();
  } catch (error) {
    // Its deadline has closed it already.
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

/** A listener that the workers' listeners may stand beside. */
function shared(hostname: string, port: number): Deno.TcpListener {
  return Deno.listen({ hostname, port, reusePort: true });
}

/**
 * Only a listener that shares with nobody notices others, and only one that shares can stay. Between
 * the two the port is free for some microseconds: another balancer is kept off by a lock, and any
 * other program that is faster makes the second one fail.
 */
function claim(hostname: string, port: number): Deno.TcpListener {
  const lock = lockPort(port);
  try {
    Deno.listen({ hostname, port }).close();
    return shared(hostname, port);
  } finally {
    lock?.close();
  }
}

/**
 * A name in Linux's abstract name space: it has the scope of the port, the network namespace, no
 * file, and goes with the process.
 *
 * @throws {Deno.errors.AddrInUse} another balancer claims the port at this moment
 */
function lockPort(port: number): { close(): void } | undefined {
  if (Deno.build.os !== "linux") return undefined;
  return Deno.listen({ transport: "unix", path: `\0ringkeeper/port/${port}` });
}

/**
 * Where this machine reaches an address: what listens everywhere does on loopback, too.
 *
 * @param address what is listened on
 * @returns the origin of an HTTP URL
 */
export function originOf({ hostname, port }: Address): string {
  const reached = hostname === "0.0.0.0" ? "127.0.0.1" : hostname === "::" ? "::1" : hostname;
  return `http://${reached.includes(":") ? `[${reached}]` : reached}:${port}`;
}
