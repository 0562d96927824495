/**
 * Maps a request to its key, and the key to its slot on the ring.
 *
 * @module
 */
import type { Ring } from "../../../ring/mod.ts";
import type { KeySource } from "../../settings/values.ts";
import { CookiePairs } from "../http1/cookie_pairs.ts";
import type { RequestHead } from "../http1/request_head.ts";
import { latin1 } from "../http1/latin1.ts";

/** The parts of a request from which a key can be taken. */
export interface RequestFacts {
  /** Holds the request's own id, or the id generated for it. */
  readonly request: { readonly requestId: string };
  /** IP address of the client. */
  readonly client: string;
  /** The bytes that hold the head. */
  readonly bytes: Uint8Array;
  readonly head: RequestHead;
}

/** The sources of a key that every request has, or may have. */
type RequestKeySource = Exclude<KeySource, { readonly from: "affinity" }>;

/**
 * Returns the key of a request. A request without the header, cookie or parameter is routed by its
 * id, so that such requests spread instead of meeting on one replica.
 *
 * @param source the setting `LB_KEY`
 * @param facts the request
 */
export function requestKey(source: RequestKeySource, facts: RequestFacts): string {
  switch (source.from) {
    case "request-id":
      return facts.request.requestId;
    case "client":
      return facts.client;
    case "path":
      return latin1(facts.bytes, facts.head.targetStart, facts.head.pathEnd);
    case "header":
      return fieldValue(facts, source.name) ?? facts.request.requestId;
    case "cookie":
      return cookie(facts, source.name) ?? facts.request.requestId;
    case "query":
      return query(facts).get(source.name) ?? facts.request.requestId;
  }
}

/**
 * Returns the slot of a key: a whole number up to 2^53 - 1 is hashed as an id, any other key as a
 * string.
 *
 * @param ring the ring in force
 * @param key the request's key
 */
export function keySlot(ring: Ring, key: string): number {
  const id = wholeNumber(key);
  return id < 0 ? ring.slotOfKey(key) : ring.slotOfId(id);
}

/** The number that a key spells in decimal digits; -1 if it is none, or too large to be exact. */
export function wholeNumber(key: string): number {
  if (key.length === 0 || key.length > 16) return -1;
  for (let i = 0; i < key.length; i++) {
    const digit = key.charCodeAt(i);
    if (digit < 0x30 || digit > 0x39) return -1;
  }
  const id = Number(key);
  return id <= Number.MAX_SAFE_INTEGER ? id : -1;
}

/**
 * Returns the value of the first field of a name, case-insensitively.
 *
 * @param facts the head and its bytes
 * @param name name of the field
 * @returns one character for each byte; undefined if there is no such field
 */
export function fieldValue(
  { bytes, head: { fields } }: Pick<RequestFacts, "bytes" | "head">,
  name: string,
): string | undefined {
  const wanted = name.toLowerCase();
  for (let i = 0; i < fields.count; i++) {
    const length = fields.nameEnd(i) - fields.lineStart(i);
    if (length !== wanted.length) continue;
    if (latin1(bytes, fields.lineStart(i), fields.nameEnd(i)).toLowerCase() !== wanted) continue;
    return latin1(bytes, fields.valueStart(i), fields.valueEnd(i));
  }
  return undefined;
}

function query({ bytes, head }: RequestFacts): URLSearchParams {
  return new URLSearchParams(latin1(bytes, head.pathEnd, head.targetEnd));
}

const pairs = new CookiePairs();

/** The first cookie of that name. */
function cookie({ bytes, head: { fields } }: RequestFacts, name: string): string | undefined {
  for (pairs.begin(bytes, fields); pairs.next();) {
    // A pair without an equals sign has no name, and no setting names one.
    if (latin1(bytes, pairs.start, pairs.nameEnd) !== name) continue;
    return latin1(bytes, pairs.valueStart, pairs.end);
  }
  return undefined;
}
