/**
 * Messages between balancers over HTTP. Each one carries an HMAC (RFC 2104, with SHA-256) of its
 * body under a key that the shared store holds, so the key itself never crosses the network.
 * The body names its recipient's life and a number, so a copy of a message has no effect.
 *
 * @module
 */
import { STATUS_CODE } from "@std/http/status";
import { errorMessage } from "../failures.ts";
import { PeerMessageError } from "./peer_message.ts";
import type { PeerAddress, PeerTransport } from "./peer_transport.ts";

/** Limits callers without the key by their address. */
export interface CallerLimit {
  /** Milliseconds until an address may try again; 0 if it may try now. */
  waitMs(address: string, now: number): number;
  /** Records a failure of an address. */
  failed(address: string, now: number): void;
}

/** Dependencies and settings of an {@linkcode HttpPeers}. */
interface HttpPeersOptions {
  /** The key, at least 32 bytes as text. */
  readonly secret: string;
  readonly addresses: readonly string[];
  /** Milliseconds that one address has to answer. */
  readonly deadlineMs: number;
  readonly limit: CallerLimit;
}

/** Misdirected Request (RFC 9110, section 15.5.20). */
const MISDIRECTED = 421;

/** Path of the one call. */
const PATH = "/_lb/peer";

/** Header field with the HMAC of the body, in hexadecimal digits. */
const SIGNATURE = "ringkeeper-signature";

/** Longest body of a message, in bytes. */
const MAX_BYTES = 4 * 1024 * 1024;

/** Addresses of one balancer that are tried. */
const MAX_ADDRESSES = 4;

/** Balancers whose working address is remembered. */
const MAX_KNOWN = 256;

const HMAC = { name: "HMAC", hash: "SHA-256" };

/** A balancer did not accept a message. */
class PeerSendError extends Error {
  override readonly name = "PeerSendError";
}

/** Sends and receives messages over HTTP. */
export class HttpPeers implements PeerTransport {
  readonly addresses: readonly string[];
  readonly #options: HttpPeersOptions;
  readonly #key: CryptoKey;
  readonly #client = Deno.createHttpClient({ http2: false });
  /** The address at which each balancer answered last. */
  readonly #working = new Map<string, string>();
  readonly #ending = new AbortController();
  #deliver: ((text: string) => boolean) | undefined;

  private constructor(options: HttpPeersOptions, key: CryptoKey) {
    this.#options = options;
    this.#key = key;
    this.addresses = options.addresses;
  }

  /** Creates a transport. */
  static async open(options: HttpPeersOptions): Promise<HttpPeers> {
    const bytes = new TextEncoder().encode(options.secret);
    const key = await crypto.subtle.importKey("raw", bytes, HMAC, false, ["sign", "verify"]);
    return new HttpPeers(options, key);
  }

  listen(deliver: (text: string) => boolean): void {
    this.#deliver = deliver;
  }

  async send(to: PeerAddress, text: string): Promise<void> {
    const body = new TextEncoder().encode(text);
    const signature = new Uint8Array(await crypto.subtle.sign("HMAC", this.#key, body)).toHex();
    const working = this.#working.get(to.id);
    const addresses = working === undefined ? to.addresses : [working, ...to.addresses];
    let failure: unknown = new PeerSendError("it has no address");
    for (const address of new Set(addresses.slice(0, MAX_ADDRESSES))) {
      try {
        await this.#post(address, body, signature);
        return this.#note(to.id, address);
      } catch (error) {
        failure = error;
        if (this.#ending.signal.aborted) break;
      }
    }
    this.#working.delete(to.id);
    throw new PeerSendError(
      `balancer ${to.id} at ${addresses.join(", ")} cannot be reached: ${errorMessage(failure)}`,
      { cause: failure },
    );
  }

  /**
   * Answers a request of another balancer.
   *
   * @param request the request
   * @param address IP address of the caller
   */
  async answer(request: Request, address: string): Promise<Response> {
    const now = performance.now();
    const waitMs = this.#options.limit.waitMs(address, now);
    if (waitMs > 0) return refuseAfter(waitMs);
    if (request.method !== "POST" || new URL(request.url).pathname !== PATH) {
      return reply(STATUS_CODE.NotFound, "only balancers of this fleet call here");
    }
    const body = await readBody(request);
    if (!body) return reply(STATUS_CODE.ContentTooLarge, `at most ${MAX_BYTES} bytes`);
    if (!await this.#isSigned(request, body)) {
      this.#options.limit.failed(address, now);
      return reply(STATUS_CODE.Unauthorized, "the signature is not the fleet's");
    }
    return this.#pass(new TextDecoder().decode(body));
  }

  close(): void {
    this.#deliver = undefined;
    this.#ending.abort();
    this.#client.close();
  }

  #pass(text: string): Response {
    if (!this.#deliver) {
      return reply(STATUS_CODE.ServiceUnavailable, "this balancer begins or ends");
    }
    try {
      if (this.#deliver(text)) return new Response(null, { status: STATUS_CODE.NoContent });
      return reply(MISDIRECTED, "this is another balancer");
    } catch (error) {
      if (!(error instanceof PeerMessageError)) throw error;
      return reply(STATUS_CODE.BadRequest, error.message);
    }
  }

  /** `verify` compares in constant time. */
  async #isSigned(request: Request, body: Uint8Array<ArrayBuffer>): Promise<boolean> {
    const signature = request.headers.get(SIGNATURE) ?? "";
    if (!/^[0-9a-f]{64}$/.test(signature)) return false;
    return await crypto.subtle.verify("HMAC", this.#key, Uint8Array.fromHex(signature), body);
  }

  async #post(address: string, body: Uint8Array<ArrayBuffer>, signature: string): Promise<void> {
    const { deadlineMs } = this.#options;
    const signal = AbortSignal.any([this.#ending.signal, AbortSignal.timeout(deadlineMs)]);
    const response = await fetch(`http://${address}${PATH}`, {
      method: "POST",
      headers: { [SIGNATURE]: signature },
      body,
      signal,
      redirect: "error",
      client: this.#client,
    });
    if (response.status === STATUS_CODE.NoContent) return;
    await response.body?.cancel();
    throw new PeerSendError(`${address} answered ${response.status}`);
  }

  #note(id: string, address: string): void {
    this.#working.set(id, address);
    const [oldest] = this.#working.keys();
    if (this.#working.size > MAX_KNOWN && oldest !== undefined) this.#working.delete(oldest);
  }
}

/** @returns undefined if the body is too long */
async function readBody(request: Request): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of request.body ?? []) {
    length += part.length;
    if (length > MAX_BYTES) return undefined;
    parts.push(part);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function refuseAfter(ms: number): Response {
  const retryAfter = String(Math.ceil(ms / 1000));
  const headers = { "retry-after": retryAfter };
  return new Response("too many failures\n", { status: STATUS_CODE.TooManyRequests, headers });
}

function reply(status: number, message: string): Response {
  return new Response(`${message}\n`, { status });
}
