/**
 * From a request to its slot on the ring.
 *
 * @module
 */
import type { Ring } from "../../ring/mod.ts";
import type { KeySource } from "../setting_values.ts";

/** The parts of a request that a key can be taken from. */
export interface RequestFacts {
  /** The request's own id, or the one that was made for it. */
  readonly requestId: string;
  /** Path and query as they were received. */
  readonly target: string;
  /** IP address of the client. */
  readonly client: string;
  readonly headers: Headers;
}

/**
 * The key of a request. One that lacks the header, cookie or parameter is routed by its id, so
 * that such requests spread instead of meeting on one replica.
 *
 * @param source the setting `LB_KEY`
 * @param facts the request
 */
export function requestKey(source: KeySource, facts: RequestFacts): string {
  switch (source.from) {
    case "request-id":
      return facts.requestId;
    case "path":
      return splitTarget(facts.target).path;
    case "client":
      return facts.client;
    case "header":
      return facts.headers.get(source.name) ?? facts.requestId;
    case "cookie":
      return cookie(facts.headers.get("cookie") ?? "", source.name) ?? facts.requestId;
    case "query":
      return splitTarget(facts.target).query.get(source.name) ?? facts.requestId;
  }
}

/**
 * The slot of a key: a whole number up to 2^53 - 1 is hashed as an id, anything else as a string.
 *
 * @param ring the ring in force
 * @param key the request's key
 */
export function keySlot(ring: Ring, key: string): number {
  if (/^\d{1,16}$/.test(key)) {
    const id = Number(key);
    if (id <= Number.MAX_SAFE_INTEGER) return ring.slotOfId(id);
  }
  return ring.slotOfKey(key);
}

function splitTarget(target: string): { path: string; query: URLSearchParams } {
  const mark = target.indexOf("?");
  return mark < 0
    ? { path: target, query: new URLSearchParams() }
    : { path: target.slice(0, mark), query: new URLSearchParams(target.slice(mark + 1)) };
}

/** RFC 6265, section 4.2.1: pairs are parted by a semicolon and a space. */
function cookie(header: string, name: string): string | undefined {
  const pair = header.split(/; */).find((part) => part.startsWith(`${name}=`));
  return pair?.slice(name.length + 1);
}
