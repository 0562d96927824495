/**
 * The public port before the workers listen, and its address.
 *
 * @module
 */
import { STATUS_CODE } from "@std/http/status";
import { pause } from "./engine/deadline.ts";
import type { FailureLog } from "./failures.ts";
import { ErrorPages } from "./proxy/errors/error_pages.ts";
import type { ErrorPage } from "./proxy/settings.ts";
import { failureBytes, RETRY_AFTER_S } from "./proxy/errors/error_response.ts";
import { acceptOf, isHead } from "./proxy/http1/accept.ts";
import type { Address } from "./view.ts";

/** Limit on clients that are answered at the same time while the balancer starts. */
const MOST_CLIENTS = 64;

/** Milliseconds for such a client to send its request. */
const CLIENT_MS = 1000;

/** A port that is held for the workers: from the start until they listen, without a gap. */
export class PublicPort {
  readonly address: Address;
  readonly #listener: Deno.TcpListener;
  readonly #failures: FailureLog;
  readonly #pages: ErrorPages;
  #clients = 0;
  readonly #answering: Promise<void>;
  #released = false;

  /**
   * Checks that the port is free before a replica starts. The workers share their port, so they
   * would not notice another program that shares the port, too.
   *
   * @param wanted the address; port 0 takes a free one
   * @param failures records errors of clients that come too early
   * @param pages pages for clients that prefer HTML
   * @throws {Deno.errors.AddrInUse} another program has the port
   */
  constructor(
    { hostname, port }: Address,
    failures: FailureLog,
    pages: ErrorPages = new ErrorPages(),
  ) {
    this.#pages = pages;
    this.#failures = failures;
    this.#listener = port === 0 ? shared(hostname, port) : claim(hostname, port);
    this.address = { hostname, port: this.#listener.addr.port };
    this.#answering = this.#answer();
  }

  /**
   * Called when the workers listen, or never will. Resolves when every new connection is theirs.
   */
  async release(): Promise<void> {
    this.#released = true;
    this.#listener.close();
    await this.#answering;
  }

  /** Answers clients that connect before the workers listen with 503 and Retry-After. */
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

  /** The beginning of a request says in which form its client wants the answer. */
  #answerTo(request: Uint8Array): Uint8Array {
    return failureBytes(this.#pages.present({
      status: STATUS_CODE.ServiceUnavailable,
      message: "the balancer starts; try again in a second",
      close: true,
      withBody: !isHead(request, 0),
      retryAfterS: RETRY_AFTER_S,
      accept: acceptOf(request, 0, request.length),
    }));
  }

  async #turnAway(client: Deno.TcpConn): Promise<void> {
    this.#clients++;
    const timer = setTimeout(() => close(client), CLIENT_MS);
    try {
      // An answer sent before the request was read could be lost with a reset.
      const request = new Uint8Array(REQUEST_BYTES);
      const length = await client.read(request) ?? 0;
      await writeAll(client, this.#answerTo(request.subarray(0, length)));
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

/** Milliseconds that the port of a balancer that was asked to end may stay taken. */
const PORT_FREE_MS = 30_000;

/**
 * Takes the public port.
 *
 * @param wanted the address; port 0 takes a free one
 * @param takeOver whether another balancer was asked to end; its port may stay taken for a while
 * @param failures records errors of clients that come too early
 * @param errorPages pages for clients that prefer HTML
 * @throws {Deno.errors.AddrInUse} another program has the port
 */
export async function openPort(
  wanted: Address,
  takeOver: boolean,
  failures: FailureLog,
  errorPages: readonly ErrorPage[],
): Promise<PublicPort> {
  const deadline = performance.now() + (takeOver ? PORT_FREE_MS : 0);
  for (;;) {
    try {
      return new PublicPort(wanted, failures, new ErrorPages(errorPages));
    } catch (error) {
      const taken = error instanceof Deno.errors.AddrInUse;
      if (!taken || performance.now() >= deadline) throw error;
      await pause(100);
    }
  }
}

const REQUEST_BYTES = 8192;

/** Pause after a failed accept, in milliseconds: the next one would fail, too. */
const ACCEPT_PAUSE_MS = 100;

/** A page may need more than one write. */
async function writeAll(client: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await client.write(bytes.subarray(at));
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
    // The deadline has already closed the connection.
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

/** A listener that can coexist with the workers' listeners. */
function shared(hostname: string, port: number): Deno.TcpListener {
  return Deno.listen({ hostname, port, reusePort: true });
}

/**
 * Only a listener without SO_REUSEPORT detects other listeners, and only one with it can stay.
 * Between the two the port is free for some microseconds: a lock keeps other balancers off, and any
 * other program that takes the port makes the second listener fail.
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
 * A name in Linux's abstract socket namespace. It has the scope of the port (the network
 * namespace), needs no file, and disappears with the process.
 *
 * @throws {Deno.errors.AddrInUse} another balancer is claiming the port
 */
function lockPort(port: number): { close(): void } | undefined {
  if (Deno.build.os !== "linux") return undefined;
  return Deno.listen({ transport: "unix", path: `\0ringkeeper/port/${port}` });
}

/**
 * Returns the address's origin from this machine: a wildcard address is reached on loopback.
 *
 * @param address the listen address
 * @returns the origin of an HTTP URL
 */
export function originOf({ hostname, port }: Address): string {
  const reached = hostname === "0.0.0.0" ? "127.0.0.1" : hostname === "::" ? "::1" : hostname;
  return `http://${reached.includes(":") ? `[${reached}]` : reached}:${port}`;
}

/**
 * Returns the host and port of an address, as in a URL.
 *
 * @param address the listen address
 */
export function hostOf(address: Address): string {
  return new URL(originOf(address)).host;
}

/**
 * Returns an entrance of the API: its host and port, or the path of its socket file.
 *
 * @param own the entrance's address; undefined if there is none
 */
export function placeOf(own: Deno.Addr | undefined): string | undefined {
  if (!own) return undefined;
  return "path" in own ? own.path : hostOf(own as Deno.NetAddr);
}
