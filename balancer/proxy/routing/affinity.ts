/**
 * The balancer's affinity cookie: a random value that a client keeps, and that its requests are
 * routed by. The value names no replica, so it stays valid when replicas are replaced.
 *
 * @module
 */
import { CookiePairs } from "../http1/cookie_pairs.ts";
import { X_FORWARDED_PROTO } from "../http1/field_kind.ts";
import { latin1 } from "../http1/latin1.ts";
import { elementEnd, isElement } from "../http1/list.ts";
import type { RequestHead } from "../http1/request_head.ts";
import type { SetCookie } from "../http1/set_cookie.ts";
import { ascii } from "../http1/writer.ts";
import type { RequestAffinity } from "../request/affinity.ts";
import type { Client } from "../request/client.ts";
import type { ProxyRequest } from "../request/request.ts";
import type { AffinitySettings } from "../settings.ts";
import { AFFINITY_CHARACTERS, isAffinityByte } from "./affinity_value.ts";
import { RandomKeys } from "./random_keys.ts";

const HTTPS = ascii("https");

/** The affinity cookie of one worker. */
export class Affinity {
  readonly #name: Uint8Array;
  readonly #before: Uint8Array;
  readonly #after: Uint8Array;
  readonly #afterSecure: Uint8Array;
  readonly #keys: { next(): string };
  readonly #pairs = new CookiePairs();
  /** The affinity of a request with a valid cookie. */
  readonly #kept: RequestAffinity;

  /**
   * @param settings name and lifetime of the cookie
   * @param keys generates values
   */
  constructor(settings: AffinitySettings, keys: { next(): string } = new RandomKeys()) {
    this.#name = ascii(settings.cookie);
    this.#before = ascii(`Set-Cookie: ${settings.cookie}=`);
    this.#after = attributes(settings, "");
    this.#afterSecure = attributes(settings, "; Secure");
    this.#keys = keys;
    this.#kept = { name: this.#name, carried: true, sets: undefined };
  }

  /**
   * Returns the key of a request: the value of its cookie, or a new value, which the response sets.
   * The result is recorded in the request.
   *
   * A client with several cookies of the name (a page of a parent domain can set one) keeps the
   * first valid one, so that its key stays the same even if the others cannot be replaced.
   *
   * @param client the client
   * @param head the request's head
   * @param request the request
   */
  key(client: Client, head: RequestHead, request: ProxyRequest): string {
    const { bytes } = client.transport;
    const pairs = this.#pairs;
    let key: string | undefined;
    let carried = false;
    let valid = true;
    for (pairs.begin(bytes, head.fields); pairs.next();) {
      if (!pairs.isNamed(this.#name)) continue;
      carried = true;
      const value = valueOf(bytes, pairs);
      if (value === undefined || (key !== undefined && value !== key)) valid = false;
      key ??= value;
    }
    if (key !== undefined && valid) {
      request.affinity = this.#kept;
      return key;
    }
    const fresh = key ?? this.#keys.next();
    request.affinity = { name: this.#name, carried, sets: this.#cookie(client, head, fresh) };
    return fresh;
  }

  #cookie(client: Client, head: RequestHead, value: string): SetCookie {
    const secure = client.secure || (client.trusted && saysHttps(client.transport.bytes, head));
    return { before: this.#before, value, after: secure ? this.#afterSecure : this.#after };
  }
}

/** A shared cache must not give one client's cookie to others: see decision 0071. */
function attributes({ ttlS }: AffinitySettings, secure: string): Uint8Array {
  const age = ttlS === 0 ? "" : `; Max-Age=${ttlS}`;
  return ascii(
    `; Path=/${age}; HttpOnly; SameSite=Lax${secure}\r\nCache-Control: private\r\n`,
  );
}

/** A value of the balancer's own form; undefined for any other. */
function valueOf(bytes: Uint8Array, { valueStart, end }: CookiePairs): string | undefined {
  if (end - valueStart !== AFFINITY_CHARACTERS) return undefined;
  for (let at = valueStart; at < end; at++) if (!isAffinityByte(bytes[at]!)) return undefined;
  return latin1(bytes, valueStart, end);
}

/** The first element of a list is the protocol of the client, the others those of proxies. */
function saysHttps(bytes: Uint8Array, { fields }: RequestHead): boolean {
  for (let i = 0; i < fields.count; i++) {
    if (fields.kind(i) !== X_FORWARDED_PROTO) continue;
    const start = fields.valueStart(i);
    return isElement(bytes, start, elementEnd(bytes, start, fields.valueEnd(i)), HTTPS);
  }
  return false;
}
