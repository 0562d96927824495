/**
 * The query of `GET /_lb/explain`: the request's key, or the source of the key.
 *
 * @module
 */
import { z } from "zod";
import type { KeySource } from "../../settings/values.ts";
import { isControlCall } from "../../proxy/routing/control_call.ts";
import { AFFINITY_CHARACTERS, isAffinityValue } from "../../proxy/routing/affinity_value.ts";
import { latin1 } from "../../proxy/http1/latin1.ts";
import { received, shown } from "../../fault.ts";
import { parseFields, RequestError } from "../input/schema.ts";
import type { ExplainOptions } from "./explain.ts";

/** Most characters of a key or a path. */
const LONGEST = 1024;

const KEY_RULE = { error: measured(`must be 1 to ${LONGEST} characters`) };
const ID_RULE = {
  error: received(`must be a whole number from 0 to ${Number.MAX_SAFE_INTEGER}`),
  abort: true,
};

/** The query: one of the three, percent-encoded. */
export const question = z.object({
  key: z.string().min(1, KEY_RULE).max(LONGEST, KEY_RULE).exactOptional()
    .describe("The request's key"),
  id: z.string().regex(/^\d{1,16}$/, ID_RULE)
    .refine((text) => Number(text) <= Number.MAX_SAFE_INTEGER, ID_RULE).exactOptional()
    .describe("A key that is a whole number"),
  path: z.string().max(LONGEST, {
    error: measured(`must be at most ${LONGEST} characters`),
    abort: true,
  })
    // RFC 9112, section 3.2.1, but for the characters that browsers send raw.
    .regex(/^\/[!"$-~]*$/, {
      error: received("must begin with / and be as a request has it, visible ASCII without #"),
    }).exactOptional()
    .describe("A path with its query: it chooses the route, and the key where the key is from it"),
  host: z.string().max(LONGEST).regex(/^[A-Za-z0-9_.:[\]-]+$/, {
    error: received("must be a host name with or without a port"),
  }).exactOptional().describe("The host, which chooses the route"),
});

/** The settings that decide about the key. */
type KeyOptions = Pick<ExplainOptions, "keySource" | "publicApi" | "affinity">;

const WAYS = ["key", "id", "path"] as const;

/**
 * Returns the key that the query asks about.
 *
 * @param asked the query
 * @param options the settings that decide about the key
 * @throws {RequestError} the parameter, its bound and the value received
 */
export function keyAsked(asked: URLSearchParams, options: KeyOptions): string {
  const { keySource: source } = options;
  const names = [...asked.keys()];
  const ways = names.filter((name) => name !== "path" && name !== "host");
  const way = WAYS.find((one) => one === (ways[0] ?? "path"));
  const twice = new Set(names).size < names.length;
  if (way === undefined || ways.length > 1 || twice || !names.includes(way)) {
    const given = names.length === 0 ? "none" : shown(names.join(", "));
    throw new RequestError(
      `query: must be one of key=, id= and path=, percent-encoded; got ${given}`,
    );
  }
  const text = asked.get(way) ?? "";
  parseFields(question, Object.fromEntries(asked));
  if (way === "path") return keyOfPath(text, options);
  if (source.from === "affinity") checkAffinity(way, text, options);
  // Query parameters are decoded. Field values are not: their bytes, sent here as UTF-8, are the
  // key.
  return way === "id" || source.from === "query" ? text : bytewise(text);
}

/** A client with any other value gets a new one, whose replica cannot be predicted. */
function checkAffinity(way: string, text: string, { affinity: { cookie } }: KeyOptions): void {
  if (isAffinityValue(text)) return;
  throw new RequestError(
    `${way}: must be a value of the cookie ${cookie}, ${AFFINITY_CHARACTERS} letters, digits, - ` +
      "or _; a request with another value is routed by a fresh random one, which its response " +
      `sets; got ${shown(text)}`,
  );
}

/** States the bound of a text and its length. */
function measured(rule: string) {
  return ({ input }: { readonly input: unknown }) => `${rule}; got ${String(input).length}`;
}

function bytewise(text: string): string {
  const bytes = new TextEncoder().encode(text);
  return latin1(bytes, 0, bytes.length);
}

/** Returns the key of a `GET` for a path with a query, if the path alone decides it. */
function keyOfPath(target: string, { keySource: source, publicApi: api }: KeyOptions): string {
  const pathEnd = target.includes("?") ? target.indexOf("?") : target.length;
  const path = target.slice(0, pathEnd);
  if (isControlCall("GET", path, api)) {
    throw new RequestError(`path: must be one that replicas answer; GET ${path} is the balancer's`);
  }
  if (source.from === "path") return path;
  if (source.from !== "query") {
    throw new RequestError(
      `path: decides nothing with LB_KEY=${settingText(source)}; ${otherwise(source)}`,
    );
  }
  const value = new URLSearchParams(target.slice(pathEnd)).get(source.name);
  if (value !== null) return value;
  throw new RequestError(
    `path: must have the parameter ${source.name} with LB_KEY=${settingText(source)}; a request ` +
      `without it is routed by its request id; ${otherwise(source)}`,
  );
}

/** An affinity value is never a whole number. */
function otherwise({ from }: KeySource): string {
  return from === "affinity" ? "give key= instead" : "give key= or id= instead";
}

function settingText(source: KeySource): string {
  return "name" in source ? `${source.from}:${source.name}` : source.from;
}
