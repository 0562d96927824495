/**
 * Finds the rules of a request: those of the first route that matches. Compares bytes, so that a
 * request allocates nothing.
 *
 * @module
 */
import type { RequestHead } from "../http1/request_head.ts";
import { ascii } from "../http1/writer.ts";
import type { RequestRules, RouteSettings } from "../rules.ts";

const SLASH = 0x2f;
const DOT = 0x2e;
const COLON = 0x3a;
const BRACKET = 0x5d;

/** The parts of a head that choose a route. */
type RoutedHead = Pick<RequestHead, "hostStart" | "hostEnd" | "targetStart" | "pathEnd">;

/** A route as bytes. */
interface Route {
  readonly path: Uint8Array;
  /** Host, or what follows the `*` of a wildcard, with its dot. */
  readonly host: Uint8Array;
  readonly wildcard: boolean;
  readonly rules: RequestRules;
}

/** The routes of one worker. */
export class RouteTable {
  readonly #routes: readonly Route[];
  readonly #rules: RequestRules;

  /**
   * @param rules the rules of requests that no route names
   * @param routes the routes, the one that counts first
   */
  constructor(rules: RequestRules, routes: readonly RouteSettings[]) {
    this.#rules = rules;
    this.#routes = routes.map(({ path, host, rules }) => {
      const wildcard = host.startsWith("*");
      return { path: ascii(path), host: ascii(wildcard ? host.slice(1) : host), wildcard, rules };
    });
  }

  /** The rules of requests that no route names. */
  get default(): RequestRules {
    return this.#rules;
  }

  /**
   * The rules of a request.
   *
   * @param head the request's head
   * @param bytes the bytes that hold it
   */
  of(head: RoutedHead, bytes: Uint8Array): RequestRules {
    const routes = this.#routes;
    if (routes.length === 0) return this.#rules;
    const { hostStart, targetStart, pathEnd } = head;
    const hostEnd = nameEnd(bytes, hostStart, head.hostEnd);
    for (let i = 0; i < routes.length; i++) {
      const route = routes[i]!;
      if (!hasPath(bytes, targetStart, pathEnd, route.path)) continue;
      if (hasHost(bytes, hostStart, hostEnd, route)) return route.rules;
    }
    return this.#rules;
  }

  /**
   * The rules of a request that is described in words.
   *
   * @param path its path without a query
   * @param host its host, with or without a port; empty for none
   */
  find(path: string, host: string): RequestRules {
    const bytes = ascii(host + path);
    const [hostStart, hostEnd, targetStart, pathEnd] = [0, host.length, host.length, bytes.length];
    return this.of({ hostStart, hostEnd, targetStart, pathEnd }, bytes);
  }
}

/** Whether a path begins with a prefix, in whole segments. */
function hasPath(bytes: Uint8Array, start: number, end: number, prefix: Uint8Array): boolean {
  const { length } = prefix;
  if (length === 0) return true;
  if (end - start < length) return false;
  for (let i = 0; i < length; i++) if (bytes[start + i] !== prefix[i]) return false;
  return start + length === end || bytes[start + length] === SLASH;
}

function hasHost(
  bytes: Uint8Array,
  start: number,
  end: number,
  { host, wildcard }: Route,
): boolean {
  const { length } = host;
  if (length === 0) return true;
  const from = end - length;
  if (wildcard ? from <= start : from !== start) return false;
  for (let i = 0; i < length; i++) if (lower(bytes[from + i]!) !== host[i]) return false;
  // One level: no dot before the part that the wildcard leaves out.
  for (let i = start; i < from; i++) if (bytes[i] === DOT) return false;
  return true;
}

/** Index behind the name of a host, without its port and without a dot at its end. */
function nameEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = end;
  for (let i = end - 1; i >= start; i--) {
    if (bytes[i] === BRACKET) break;
    if (bytes[i] === COLON) {
      at = i;
      break;
    }
  }
  return at > start && bytes[at - 1] === DOT ? at - 1 : at;
}

function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte;
}
