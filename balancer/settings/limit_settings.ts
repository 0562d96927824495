/**
 * Settings of limits and deadlines for clients and replicas.
 *
 * @module
 */
import {
  choice,
  flag,
  LARGEST_DELAY_MS,
  parsed,
  type Setting,
  text,
  whole,
  wholeOrAuto,
} from "./setting.ts";
import { parseNetworks } from "./values.ts";

/** In the order in which the reference lists them. */
export const LIMIT_SETTINGS = {
  LB_CONNECT_TIMEOUT_MS: whole(
    1000,
    1,
    LARGEST_DELAY_MS,
    "milliseconds that connecting to a replica may take; then it is suspected, and the next " +
      "replica is tried",
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
    "milliseconds without progress of an upload; then 408 if the client stalls, 504 if the " +
      "replica does",
  ),
  LB_RESPONSE_BODY_TIMEOUT_MS: whole(
    300000,
    1,
    LARGEST_DELAY_MS,
    "milliseconds without progress of a response's body; then it breaks off",
  ),
  LB_STREAM_IDLE_MS: whole(
    3600000,
    1,
    LARGEST_DELAY_MS,
    "milliseconds that an event stream, a response without a length, a WebSocket or a tunnel may be silent",
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
  LB_MAX_CONNECTIONS_PER_CLIENT: wholeOrAuto(
    0,
    1000000,
    "most connections from one address, 0 for any; `auto`: half of those that the limit of " +
      "open files allows; 503 above",
  ),
  LB_MAX_API_CONNECTIONS: whole(
    256,
    1,
    100000,
    "most connections to the API's own port, and most calls by the public one; 503 above",
  ),
  LB_MAX_EVENT_STREAMS: whole(
    32,
    1,
    100000,
    "most event streams of the API at once (`/_lb/events`, deploys); 503 above",
  ),
  LB_TRUSTED_PROXIES: {
    schema: parsed(parseNetworks),
    fallback: "",
    expects: "networks in CIDR notation, `10.0.0.0/8,fd00::/8`",
    about: "proxies in front whose X-Forwarded-For and similar fields are trusted; " +
      "X-Forwarded-*, Forwarded, X-Real-IP and the like of other clients are dropped",
    form: { kind: "list" },
  },
  LB_PROXY_PROTOCOL: choice(
    ["off", "on"],
    "on: each connection of LB_TRUSTED_PROXIES must begin with a head of the PROXY protocol, " +
      "version 1 or 2, which names the client",
  ),
  LB_UNDERSCORES: choice(
    ["drop", "keep"],
    "request fields with an underscore in their names, which CGI and WSGI treat as a hyphen",
  ),
  LB_VIA: flag(
    true,
    "whether the balancer adds Via to messages; nginx does not compress responses to such " +
      "requests",
  ),
  LB_TRACE: flag(false, "whether TRACE is forwarded; 405 otherwise"),
  LB_ERROR_PAGES: text(
    "",
    "folder with pages for errors of the balancer: `503.html`, `5xx.html`, `4xx.html`, " +
      "`maintenance.html`; clients that prefer HTML get them, others JSON",
    { expects: "the path of a folder, or empty", pattern: /^[^\0]*$/ },
  ),
  LB_WORKERS: wholeOrAuto(
    1,
    256,
    "worker threads of the data plane; `auto`: one for each " +
      "core",
  ),
} satisfies Record<string, Setting<unknown>>;
