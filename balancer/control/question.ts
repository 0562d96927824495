/**
 * What `GET /_lb/explain` is asked: the request's key, or what the key is taken from.
 *
 * @module
 */
import type { KeySource } from "../setting_values.ts";
import { isControlCall } from "../proxy/control_call.ts";
import { latin1 } from "../proxy/latin1.ts";
import { RequestError, shown } from "./body_schema.ts";

/** Characters of a key or a path at the most. */
const LONGEST = 1024;

const WAYS = ["key", "id", "path"] as const;

/**
 * The key that is asked about.
 *
 * @param asked the query
 * @param source the setting `LB_KEY`
 * @throws {RequestError} the parameter, its bound and the value received
 */
export function keyAsked(asked: URLSearchParams, source: KeySource): string {
  const names = [...asked.keys()];
  const way = WAYS.find((one) => one === names[0]);
  if (way === undefined || names.length > 1) {
    const given = names.length === 0 ? "none" : shown(names.join(", "));
    throw new RequestError(
      `query: must be one of key=, id= and path=, percent-encoded; got ${given}`,
    );
  }
  const text = asked.get(way) ?? "";
  if (way === "id") return id(text);
  return way === "key" ? key(text, source) : keyOfPath(path(text), source);
}

function id(text: string): string {
  if (/^\d{1,16}$/.test(text) && Number(text) <= Number.MAX_SAFE_INTEGER) return text;
  const rule = `must be a whole number from 0 to ${Number.MAX_SAFE_INTEGER}`;
  throw new RequestError(`id: ${rule}; got ${shown(text)}`);
}

function key(text: string, source: KeySource): string {
  if (text.length < 1 || text.length > LONGEST) {
    const rule = `must be 1 to ${LONGEST} characters`;
    throw new RequestError(`key: ${rule}; got ${text.length}`);
  }
  // A parameter is decoded. A field is not: its bytes, UTF-8 as they come here, are the key.
  return source.from === "query" ? text : bytewise(text);
}

function bytewise(text: string): string {
  const bytes = new TextEncoder().encode(text);
  return latin1(bytes, 0, bytes.length);
}

/** RFC 9112, section 3.2.1, but for the characters that browsers send raw. */
function path(text: string): string {
  if (text.length > LONGEST) {
    throw new RequestError(`path: must be at most ${LONGEST} characters; got ${text.length}`);
  }
  if (/^\/[!"$-~]*$/.test(text)) return text;
  throw new RequestError(
    `path: must begin with / and be as a request has it, visible ASCII without #; got ${
      shown(text)
    }`,
  );
}

/** The key of a `GET` for a path with its query, where that alone decides it. */
function keyOfPath(target: string, source: KeySource): string {
  const pathEnd = target.includes("?") ? target.indexOf("?") : target.length;
  const path = target.slice(0, pathEnd);
  if (isControlCall("GET", path)) {
    throw new RequestError(`path: must be one that replicas answer; GET ${path} is the balancer's`);
  }
  if (source.from === "path") return path;
  if (source.from !== "query") {
    throw new RequestError(
      `path: decides nothing with LB_KEY=${settingText(source)}; ${OTHERWISE}`,
    );
  }
  const value = new URLSearchParams(target.slice(pathEnd)).get(source.name);
  if (value !== null) return value;
  throw new RequestError(
    `path: must have the parameter ${source.name} with LB_KEY=${settingText(source)}; a request ` +
      `without it is routed by its request id; ${OTHERWISE}`,
  );
}

const OTHERWISE = "give key= or id= instead";

function settingText(source: KeySource): string {
  return "name" in source ? `${source.from}:${source.name}` : source.from;
}
