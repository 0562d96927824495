/**
 * Requests for calls that need a token, written in ways that hide the call or the missing token.
 *
 * @module
 */
import { CALLS } from "../../balancer/control/endpoints/table.ts";
import type { Scope } from "../../balancer/control/auth/scope.ts";
import { Random } from "../../balancer/proxy/http1/fuzz/fuzz_random.ts";

/** A request without a valid token. */
export interface Trick {
  /** Path of the targeted call, without a trick. */
  readonly path: string;
  readonly method: string;
  /** The request's bytes, one character each. */
  readonly message: string;
}

/** Another spelling of a path. */
type Spelling = (path: string) => string;

/** Scopes of calls that need a token. */
export const GUARDED: readonly Scope[] = ["read", "admin", "execute"];

/** The selection of an attack's requests. */
export interface TrickOptions {
  /** The number of requests. */
  readonly count: number;
  /** The seed of the random numbers. */
  readonly seed: number;
  /** Scopes of the targeted calls. */
  readonly scopes: readonly Scope[];
  /** Field lines of every request. */
  readonly fields: readonly string[];
}

const SPELLINGS: readonly Spelling[] = [
  (path) => path,
  (path) => path.replace(/(?!^)\//, "%2f"),
  (path) => path.replaceAll("/", "%2F"),
  (path) => `/${path.slice(1).replaceAll("/", "\\")}`,
  (path) => path.replaceAll("/", "%5c"),
  (path) => path.replaceAll("/", "%252f"),
  (path) => path.replaceAll("/", "%c0%af"),
  (path) => path.replaceAll("/", "//"),
  (path) => `/${path}`,
  (path) => `${path}/`,
  (path) => `${path}//`,
  (path) => `${path}/.`,
  (path) => `${path}/..`,
  (path) => `${path}/x/..`,
  (path) => `/.${path}`,
  (path) => `/..${path}`,
  (path) => `/x/..${path}`,
  (path) => `/%2e${path}`,
  (path) => `/%2e%2e${path}`,
  (path) => `/x/%2e%2E${path}`,
  (path) => `/x%2f..${path}`,
  (path) => `/home/..;${path}`,
  (path) => `/home;${path}`,
  (path) => path.replace("/_lb/", "/_lb/./"),
  (path) => path.replace("/_lb/", "/_lb/x/../"),
  (path) => path.replace("/_lb/", "/_lb/page/..%2f"),
  (path) => path.replace("/_lb/", "/_lb/page/../"),
  (path) => path.replace("/_lb/", "/_lb//"),
  (path) => path.replace("_", "%5f"),
  (path) => path.replace("/_lb", "/_lb;a=b"),
  (path) => path.replace("/_lb", "/_lb%00"),
  (path) => path.replace("/_lb", "/_lb%20"),
  (path) => path.replace("/_lb", "/_lb."),
  (path) => `${path}.`,
  (path) => `${path}%2e`,
  (path) => `${path}..`,
  (path) => `${path}%20`,
  (path) => `${path}%00`,
  (path) => `${path}%09`,
  (path) => `${path}%0d%0a`,
  (path) => `${path};a=b`,
  (path) => `${path}.json`,
  (path) => `${path}%23`,
  (path) => `${path}%3f`,
  (path) => `${path}#a`,
  (path) => `${path}?`,
  (path) => `${path}?token=admin&access_token=admin&_method=GET`,
  (path) => path.toUpperCase(),
  (path) => path.replace("lb", "LB"),
  (path) => path.replace(/.$/, (last) => `%${last.charCodeAt(0).toString(16)}`),
  (path) => path.replace(/.$/, (last) => `%u00${last.charCodeAt(0).toString(16)}`),
  (path) => path.replace("a", "\xe0"),
  (path) => `http://127.0.0.1${path}`,
  (path) => `http://localhost${path}`,
  (path) => `HTTP://a.example${path}`,
  (path) => `https://a.example:443${path}`,
  (path) => `http://127.0.0.1/home/..${path}`,
  (path) => `http://127.0.0.1/${path}`,
  (path) => `http://a@127.0.0.1${path}`,
  (path) => `http://127.0.0.1?${path}`,
  (path) => `//127.0.0.1${path}`,
  (path) => path.slice(1),
  (path) => `*${path}`,
];

const BEARER = "Authorization: Bearer";

/** Field lines that other software takes as permission, or as another method or path. */
const FIELDS: readonly ((method: string, path: string) => readonly string[])[] = [
  () => [],
  (method) => [`X-HTTP-Method-Override: ${method}`],
  (method) => [`X-HTTP-Method: ${method}`, `X-Method-Override: ${method}`],
  (_, path) => [`X-Original-URL: ${path}`, `X-Rewrite-URL: ${path}`],
  (_, path) => [`X-Forwarded-Path: ${path}`, `X-Forwarded-Uri: ${path}`],
  () => ["X-Forwarded-For: 127.0.0.1", "X-Real-IP: 127.0.0.1", "Forwarded: for=127.0.0.1"],
  () => ["X-Forwarded-Host: localhost", "X-Forwarded-Proto: https"],
  () => ["X_Forwarded_For: 127.0.0.1", "X_Authorization: Bearer admin"],
  () => [BEARER],
  () => [`${BEARER} `, "Cookie: token=admin"],
  () => ["Authorization: Basic YWRtaW46YWRtaW4="],
  () => ["Proxy-Authorization: Bearer admin", "X-Api-Key: admin"],
  () => ["Connection: Authorization, X-Forwarded-For"],
  () => ["Origin: http://127.0.0.1", "Sec-Fetch-Site: same-origin"],
  () => ["Sec-Fetch-Site: none", "Sec-Fetch-Mode: navigate"],
  () => ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"],
  () => ["Connection: Upgrade", "Upgrade: websocket"],
  () => ["Expect: 100-continue"],
  () => ["Service-Worker: script"],
];

/** Returns the method of the request line for a call of this method. */
const METHODS: readonly ((method: string) => string)[] = [
  (method) => method,
  (method) => method.toLowerCase(),
  () => "GET",
  () => "POST",
  () => "HEAD",
  () => "OPTIONS",
  () => "TRACE",
];

/** A body that makes each changing call as valid as possible. */
const BODY = JSON.stringify({
  ...{
    n: 1,
    hostnames: ["Server1"],
    weight: 0,
    weights: { Server1: 0 },
    slots: 64,
    level: "error",
  },
  ...{ access: "full", image: "evil", command: "sh", name: "Server1", id: "0", upstreams: [] },
});

/** The requests of an attack: each trick alone on each call, then tricks combined at random. */
export function* tricks({ count, seed, scopes, fields: always }: TrickOptions): Iterable<Trick> {
  const random = new Random(seed);
  const calls = CALLS.filter(({ scope }) => scopes.includes(scope))
    .map(({ method, path }) => ({ method, path: path.replace(":name", "Server1"), always }));
  const alone = shuffled([...singleTricks(calls)], random);
  yield* alone.slice(0, count);
  for (let left = count - alone.length; left > 0; left--) {
    const call = random.pick(calls);
    const { method, path } = call;
    const spelled = random.pick(SPELLINGS)(random.pick(SPELLINGS)(path));
    const fields = [...random.pick(FIELDS)(method, path), ...random.pick(FIELDS)(method, path)];
    yield trick(call, random.pick(METHODS)(method), spelled, fields);
  }
}

/** A call, by its method and path. */
interface Call {
  readonly method: string;
  readonly path: string;
  /** Field lines of every request. */
  readonly always: readonly string[];
}

function* singleTricks(calls: readonly Call[]): Iterable<Trick> {
  for (const call of calls) {
    const { method, path } = call;
    for (const spell of SPELLINGS) yield trick(call, method, spell(path), []);
    for (const fields of FIELDS) yield trick(call, method, path, fields(method, path));
    for (const other of METHODS) {
      yield trick(call, other(method), path, [`X-HTTP-Method-Override: ${method}`]);
    }
  }
}

function trick(call: Call, method: string, target: string, fields: readonly string[]): Trick {
  const lines = [
    `${method} ${target} HTTP/1.1`,
    "Host: 127.0.0.1",
    ...call.always,
    ...fields,
    "Content-Type: application/json",
    `Content-Length: ${BODY.length}`,
    ...["", ""],
  ];
  return { method, path: call.path, message: lines.join("\r\n") + BODY };
}

function shuffled<T>(items: T[], random: Random): T[] {
  for (let at = items.length - 1; at > 0; at--) {
    const other = random.below(at + 1);
    [items[at], items[other]] = [items[other]!, items[at]!];
  }
  return items;
}
