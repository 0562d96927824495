/**
 * Settings of failure detection, replacement and waiting.
 *
 * @module
 */
import { choice, flag, LARGEST_DELAY_MS, parsed, type Setting, text, whole } from "./setting.ts";
import { parseHeaders, parsePeers, parseShare, parseStore } from "./values.ts";

/** In the order in which the reference lists them. */
export const HEALING_SETTINGS = {
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
    about: "path of a heartbeat; empty: no heartbeats, a replica is down while connections to it " +
      "fail, and is tried again after a second; docker and process replace it after five",
    emptyCounts: true,
  },
  LB_HEALTH_HOST: text("", "`Host` field of a heartbeat", {
    expects: "a host name with or without a port, or empty for the replica's address",
    pattern: /^[A-Za-z0-9_.:[\]-]*$/,
  }),
  LB_HEALTH_HEADERS: {
    schema: parsed(parseHeaders),
    fallback: "{}",
    expects: 'a JSON object of strings, {"X-Name":"value"}: further fields than Host, Connection ' +
      "and those of a body",
    about: "further header fields of a heartbeat",
    secret: true,
    asFile: "LB_HEALTH_HEADERS_FILE",
    form: { kind: "texts" },
  },
  LB_HEALTH_HEADERS_FILE: text("", "file with these fields instead, as a JSON object", {
    expects: "a path, or empty",
    pattern: /^[^\0]*$/,
  }),
  LB_START_TIMEOUT_MS: whole(30000, 100, LARGEST_DELAY_MS, "milliseconds that a start may take"),
  LB_RESTART_BACKOFF_MS: whole(
    250,
    1,
    LARGEST_DELAY_MS,
    "milliseconds before the next start of a replica that failed soon after its last three " +
      "starts; doubles with each further failure",
  ),
  LB_RESTART_BACKOFF_MAX_MS: whole(
    30000,
    1,
    LARGEST_DELAY_MS,
    "upper bound of that wait, in milliseconds",
  ),
  LB_HEALTHY_SPELL_MS: whole(
    60000,
    1,
    LARGEST_DELAY_MS,
    "milliseconds that a replica must be ready until its early failures are forgotten; grows " +
      "with their number, up to ten times",
  ),
  LB_SPARES: whole(
    0,
    0,
    64,
    "instances kept ready for the next failed replica; they own no slots",
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
    "deaths in a row with the same request key in flight that quarantine the key; 0: never",
  ),
  LB_QUARANTINE_MS: whole(60000, 1, LARGEST_DELAY_MS, "milliseconds of a key's quarantine"),
  LB_MIN_READY_MS: whole(
    10000,
    0,
    LARGEST_DELAY_MS,
    "milliseconds that a new instance must stay ready before a deploy continues; an earlier " +
      "failure rolls the deploy back",
  ),
  LB_STATE_FILE: text(
    "",
    "file with the fleet's desired state, from which the balancer restarts",
    {
      expects: "a path whose folder exists, or empty to adopt the running instances",
      pattern: /^[^\0]*$/,
    },
  ),
  LB_STORE: {
    schema: parsed(parseStore),
    fallback: "",
    expects: "file: and the absolute path of a folder, swarm, or empty",
    about: "the store that several balancers of one fleet share, engines docker and static; each " +
      "of them serves, and one at a time heals; swarm: the Docker Swarm whose manager " +
      "`LB_DOCKER_HOST` is; empty: this balancer is alone",
  },
  LB_LEASE_MS: whole(
    3000,
    300,
    60_000,
    "milliseconds of silence of the healing balancer after which another one takes over; only " +
      "with LB_STORE",
  ),
  LB_DRILLS: flag(
    false,
    "allow `POST /_lb/drill`, which kills a replica to prove that it " +
      "heals",
  ),
  LB_PEERS: {
    schema: parsed(parsePeers),
    fallback: "auto",
    expects: "auto, off, or the host:port to listen on",
    about: "messages between the balancers of one store, which tell each other of changes and " +
      "failures; auto listens on a free port of `LB_HOST`; off: the store and heartbeats alone, " +
      "which is slower; only with LB_STORE",
  },
  LB_ISOLATED: choice(
    ["serve", "refuse"],
    "a balancer that has lost the store that it shares with others is not ready, and serves on " +
      "by the last known state or answers 503; only with LB_STORE",
  ),
  LB_DRAIN_MS: whole(
    10000,
    0,
    LARGEST_DELAY_MS,
    "milliseconds for running requests when a replica is removed or the balancer ends",
  ),
  LB_DRAIN_STREAMS_MS: whole(
    10000,
    0,
    LARGEST_DELAY_MS,
    "the same for tunnels and event streams, which are closed afterwards",
  ),
  LB_SHUTDOWN_TIMEOUT_MS: whole(
    25000,
    1,
    LARGEST_DELAY_MS,
    "milliseconds that the end of the balancer may take in all; then it exits with status 1 and " +
      "does not wait for instances that are not stopped or removed by then",
  ),
  LB_STOP_GRACE_MS: whole(5000, 0, LARGEST_DELAY_MS, "milliseconds from SIGTERM to SIGKILL"),
  LB_HOLD: choice(
    ["hold", "spill", "fail"],
    "`hold`: a request waits while its replica is being replaced; `spill`: it goes to the " +
      "next ready replica of the ring; `fail`: it is answered 503",
  ),
  LB_HOLD_MS: whole(
    5000,
    1,
    LARGEST_DELAY_MS,
    "milliseconds that one request may wait for replicas; then it goes to the next ready one",
  ),
  LB_HOLD_REQUESTS: whole(1024, 1, 1000000, "most requests that wait for a replica; 503 above"),
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
    "milliseconds without a response after which a replica is suspected and gets a heartbeat; " +
      "0: never",
  ),
  LB_OUTLIERS: flag(
    false,
    "replace a replica with far more 5xx, or far slower responses, than its peers",
  ),
  LB_READY_SHARE: {
    schema: parsed(parseShare),
    fallback: "0.5",
    expects: "a number from 0 to 1",
    about:
      "share of the replicas that must be ready for `GET /_lb/readyz` to answer 200, at least " +
      "one; 0: none",
  },
} satisfies Record<string, Setting<unknown>>;
