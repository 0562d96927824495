/**
 * Every setting of the balancer as data: name, default, what it expects and what it is for. The
 * parser, the error messages and the README's table all come from here.
 *
 * @module
 */
import type { z } from "zod";
import { LAYOUTS, MAX_SLOTS } from "../ring/mod.ts";
import { LEVELS, parseAccessLogging } from "./log/dials.ts";
import { choice, LARGEST_DELAY_MS, parsed, type Setting, text, whole } from "./setting.ts";
import {
  parseAddresses,
  parseEntrance,
  parseEnvironment,
  parseFlag,
  parseKeySource,
  parseLoadBound,
  parseNetworks,
  parseWhole,
} from "./setting_values.ts";

/** What tokens look like. */
const SECRET = {
  expects: "printable characters without spaces",
  pattern: /^[!-~]*$/,
  secret: true,
} as const;

const FILE = { expects: "a path, or empty", pattern: /^[^\0]*$/ };

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;

/** All settings, in the order in which the README lists them. */
export const SETTINGS = {
  LB_HOST: text("127.0.0.1", "address that the public port listens on", {
    expects: "a host name or an IP address",
    pattern: /^[A-Za-z0-9_.:%-]+$/,
  }),
  LB_PORT: whole(5000, 0, 65535, "public port; 0 takes a free one"),
  LB_ENGINE: choice(
    ["auto", "docker", "process", "static"],
    "what runs the replicas; `auto` is docker where its socket answers, else process",
  ),
  LB_REPLICAS: whole(3, 0, 4096, "replicas to keep alive"),
  LB_MAX_REPLICAS: whole(64, 1, 4096, "the most replicas that `/add` may reach"),
  LB_UPSTREAMS: {
    schema: parsed(parseAddresses),
    fallback: "",
    expects: "`host:port,host:port`, ports from 1 to 65535",
    about: "addresses for engine static; they are named Server1, Server2, … in this order",
  },
  LB_SLOTS: whole(512, 1, MAX_SLOTS, "slots on the ring (M)"),
  LB_VIRTUAL_SERVERS: whole(9, 1, MAX_SLOTS, "virtual servers a replica (K), layout `ring` only"),
  LB_LAYOUT: choice(LAYOUTS, "how slots are given to replicas"),
  LB_HASHES: choice(
    ["fibonacci", "seed", "classic", "hashed"],
    "hash functions of the ring; `seed` and `classic` are the textbook's formulas",
  ),
  LB_KEY: {
    schema: parsed(parseKeySource),
    fallback: "request-id",
    expects: "request-id, path, client, header:NAME, cookie:NAME or query:NAME",
    about: "what a request is routed by; a whole number is hashed as an id, else as a string",
  },
  LB_LOAD_BOUND: {
    schema: parsed(parseLoadBound),
    fallback: "0",
    expects: "0, or a number from 1.01 to 100",
    about:
      "a replica has at most this many times its share of what is in flight (1.25: a quarter " +
      "more); what overflows goes where another hash of its key falls; 0: no bound",
  },
  LB_SLOW_START_MS: whole(
    0,
    0,
    LARGEST_DELAY_MS,
    "milliseconds in which a new replica comes to its full share; 0: at once",
  ),
  LB_RING_FIELDS: {
    schema: parsed(parseFlag),
    fallback: "false",
    expects: "true or false",
    about: "whether responses say where they come from: X-Ring-Slot and X-Ring-Replica",
  },
  LB_HEARTBEAT_MS: whole(3000, 10, LARGEST_DELAY_MS, "milliseconds between two heartbeats"),
  LB_HEARTBEAT_TIMEOUT_MS: whole(
    1000,
    10,
    LARGEST_DELAY_MS,
    "milliseconds that a heartbeat may take",
  ),
  LB_HEARTBEAT_DOWN: whole(2, 1, 100, "missed heartbeats in a row that make a replica down"),
  LB_HEARTBEAT_UP: whole(1, 1, 100, "passed heartbeats in a row that make it ready again"),
  LB_HEALTH_PATH: {
    schema: parsed((s) => /^(\/[!-~]*)?$/.test(s) ? s : undefined),
    fallback: "/heartbeat",
    expects: "a path that starts with /, or empty",
    about: "path that a heartbeat asks for; empty: no probes, a replica is up until a connection " +
      "to it fails and is tried again after a second",
    emptyCounts: true,
  },
  LB_START_TIMEOUT_MS: whole(30000, 100, LARGEST_DELAY_MS, "milliseconds that a start may take"),
  LB_RESTART_BACKOFF_MS: whole(
    250,
    1,
    LARGEST_DELAY_MS,
    "milliseconds before the next start of a replica whose last three lives were short; doubles " +
      "with each further one",
  ),
  LB_RESTART_BACKOFF_MAX_MS: whole(
    30000,
    1,
    LARGEST_DELAY_MS,
    "milliseconds that this wait may reach",
  ),
  LB_SPARES: whole(
    0,
    0,
    64,
    "instances kept ready for whichever replica fails next; they own no slots",
  ),
  LB_STARTS_PER_MINUTE: whole(120, 1, 100000, "replacements that may be started within a minute"),
  LB_MIN_HEALTHY_PERCENT: whole(
    50,
    0,
    100,
    "share of the replicas that heartbeats alone never take the fleet below",
  ),
  LB_POISON_DEATHS: whole(
    3,
    0,
    100,
    "deaths in a row with the same request key in flight that quarantine the key; 0 is never",
  ),
  LB_QUARANTINE_MS: whole(60000, 1, LARGEST_DELAY_MS, "milliseconds of a key's quarantine"),
  LB_STATE_FILE: text("", "file that keeps who belongs to the fleet while the balancer is away", {
    expects: "a path whose folder exists, or empty to go by what runs",
    pattern: /^[^\0]*$/,
  }),
  LB_DRILLS: {
    schema: parsed(parseFlag),
    fallback: "false",
    expects: "true or false",
    about: "let `POST /_lb/drill` kill replicas to prove that they heal",
  },
  LB_DRAIN_MS: whole(
    10000,
    0,
    LARGEST_DELAY_MS,
    "milliseconds that running requests get when a replica is removed or the balancer ends",
  ),
  LB_DRAIN_STREAMS_MS: whole(
    10000,
    0,
    LARGEST_DELAY_MS,
    "milliseconds that tunnels and event streams get then; they are closed after it",
  ),
  LB_STOP_GRACE_MS: whole(5000, 0, LARGEST_DELAY_MS, "milliseconds from SIGTERM to SIGKILL"),
  LB_HOLD: choice(
    ["hold", "spill", "fail"],
    "a request whose replica is being replaced waits for it, goes to the ring's next ready one, " +
      "or is answered 503",
  ),
  LB_HOLD_MS: whole(
    5000,
    1,
    LARGEST_DELAY_MS,
    "milliseconds that one request may wait for replicas; then it goes to the next ready one",
  ),
  LB_HOLD_REQUESTS: whole(1024, 1, 1000000, "most requests that wait so; 503 above"),
  LB_HOLD_BYTES: whole(
    16777216,
    65536,
    Number.MAX_SAFE_INTEGER,
    "most bytes of buffers that waiting requests keep; 503 above",
  ),
  LB_SUSPECT_MS: whole(
    250,
    0,
    LARGEST_DELAY_MS,
    "milliseconds without a response after which a replica is suspected and looked at; 0: never",
  ),
  LB_OUTLIERS: {
    schema: parsed(parseFlag),
    fallback: "false",
    expects: "true or false",
    about: "replace a replica that answers far worse than its peers: by 5xx, or by slowness",
  },
  LB_CONNECT_TIMEOUT_MS: whole(
    1000,
    1,
    LARGEST_DELAY_MS,
    "milliseconds that a connection to a replica may take; then it is suspected, and another asked",
  ),
  LB_RESPONSE_TIMEOUT_MS: whole(
    60000,
    1,
    LARGEST_DELAY_MS,
    "milliseconds that a replica may take to begin its response; then 504",
  ),
  LB_BODY_TIMEOUT_MS: whole(
    30000,
    1,
    LARGEST_DELAY_MS,
    "milliseconds that either side may leave a body waiting; 408, or the response breaks off",
  ),
  LB_HEAD_TIMEOUT_MS: whole(
    10000,
    1,
    LARGEST_DELAY_MS,
    "milliseconds that a client may take to send a whole head; then 408",
  ),
  LB_KEEPALIVE_TIMEOUT_MS: whole(
    60000,
    1,
    LARGEST_DELAY_MS,
    "milliseconds that a client's connection may wait for its next request",
  ),
  LB_UPSTREAM_IDLE_MS: whole(
    4000,
    1,
    LARGEST_DELAY_MS,
    "milliseconds that an unused connection to a replica is kept; less than the replica keeps it",
  ),
  LB_TUNNEL_TIMEOUT_MS: whole(
    300000,
    1,
    LARGEST_DELAY_MS,
    "milliseconds that a WebSocket or another tunnel may be silent",
  ),
  LB_MAX_REQUEST_LINE_BYTES: whole(8192, 64, 65536, "longest request line; 414 above"),
  LB_MAX_HEAD_BYTES: whole(
    32768,
    256,
    65536,
    "longest head of a request or response; 431, 502 above",
  ),
  LB_MAX_FIELDS: whole(100, 1, 1000, "most header fields; 431 above"),
  LB_MAX_BODY_BYTES: whole(
    0,
    0,
    Number.MAX_SAFE_INTEGER,
    "longest body of a request, 0 for any; 413 above",
  ),
  LB_MAX_CONNECTIONS: whole(20000, 1, 1000000, "most connections of clients; 503 above"),
  LB_MAX_CONNECTIONS_PER_CLIENT: whole(
    0,
    0,
    1000000,
    "most connections from one address, 0 for any; 503 above",
  ),
  LB_TRUSTED_PROXIES: {
    schema: parsed(parseNetworks),
    fallback: "",
    expects: "networks in CIDR notation, `10.0.0.0/8,fd00::/8`",
    about: "proxies in front whose X-Forwarded fields are believed; others' are replaced",
  },
  LB_WORKERS: {
    schema: parsed((s) => s === "auto" ? s : parseWhole(s, 1, 256)),
    fallback: "auto",
    expects: "auto or a whole number from 1 to 256",
    about: "worker threads of the data plane; `auto` is one for each core",
  },
  LB_ADMIN_TOKEN: text("", "bearer token that mutating calls must carry", SECRET),
  LB_ADMIN_TOKEN_FILE: text("", "file that holds it instead; read anew on each use", FILE),
  LB_READ_TOKEN: text("", "bearer token that may look on and no more; unset: anyone may", SECRET),
  LB_READ_TOKEN_FILE: text("", "file that holds it instead; read anew on each use", FILE),
  LB_ADMIN_OPEN: choice(
    ["false", "true", "without-token"],
    "accept mutating calls from anyone who reaches the port; `without-token`: while no admin token " +
      "is set",
  ),
  LB_ADMIN_LISTEN: {
    schema: parsed(parseEntrance),
    fallback: "",
    expects: "`host:port` (port 0 takes a free one), `unix:/path`, or empty for the public port",
    about: "port or Unix socket of their own for the page and the API",
  },
  LB_PUBLIC_API: choice(
    ["auto", "all", "basic", "none"],
    "what the public port keeps for the balancer: everything, `/rep`, `/add` and `/rm` (basic), or " +
      "nothing; `auto` is all, and basic with LB_ADMIN_LISTEN",
  ),
  LB_REPLICA_IMAGE: text("ringkeeper-replica", "image of a replica, engine docker", {
    expects: "an image reference",
    pattern: /^[A-Za-z0-9][A-Za-z0-9_.\/:@-]*$/,
  }),
  LB_REPLICA_COMMAND: text(
    "",
    "command of a replica instead of the built-in one (process) or the image's own (docker); " +
      "$PORT, $HOST, $SERVER_NAME and $SERVER_ID are filled in",
    { expects: "a plain command line without shell operators", pattern: /[^]*/ },
  ),
  LB_REPLICA_PORT: whole(5000, 1, 65535, "port that a replica listens on, engine docker"),
  LB_REPLICA_ENV: {
    schema: parsed(parseEnvironment),
    fallback: "{}",
    expects: 'a JSON object of strings, {"NAME":"value"}',
    about: "environment that every replica gets beside PORT, HOST, SERVER_NAME and SERVER_ID",
  },
  LB_FLEET: text("ringkeeper", "label that tells this fleet's containers from others'", {
    expects: "letters, digits, `_`, `.` and `-`",
    pattern: NAME,
  }),
  LB_CONTAINER_PREFIX: text("", "put before a replica's name to make its container's name", {
    expects: "letters, digits, `_`, `.` and `-`, or empty",
    pattern: /^([A-Za-z0-9][A-Za-z0-9_.-]*)?$/,
  }),
  LB_DOCKER_NETWORK: text("ringkeeper", "network that replicas join; made where it is missing", {
    expects: "letters, digits, `_`, `.` and `-`",
    pattern: NAME,
  }),
  LB_DOCKER_SOCKET: text("/var/run/docker.sock", "Unix socket of the Docker Engine", {
    expects: "an absolute path",
    pattern: /^\/.+$/,
  }),
  LB_ACCESS_LOG: {
    schema: parsed(parseAccessLogging),
    fallback: "off",
    expects: "`off`, `full`, or the part of the requests, above 0 and below 1: `0.01`",
    about: "of how many requests the log tells; of a part: besides those, of each that failed",
  },
  LB_LOG_LEVEL: choice(LEVELS, "least severe level that is logged"),
  LB_LOG_FORMAT: choice(
    ["auto", "json", "text"],
    "`auto`: text on a terminal, JSON lines elsewhere",
  ),
} satisfies Record<string, Setting<unknown>>;

/** The name of a setting. */
export type SettingName = keyof typeof SETTINGS;

/** The parsed value of each setting. */
export type Settings = { readonly [K in SettingName]: z.output<(typeof SETTINGS)[K]["schema"]> };
