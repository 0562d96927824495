/**
 * Which settings a reload changes, and why the others need a restart.
 *
 * @module
 */
import type { SettingName } from "./settings.ts";

const PORT = "the public port and its threads are opened once, when the balancer starts";
const SHAPE =
  "the shape belongs to the fleet: `ringkeeper ring` changes it while the balancer runs";
const NAME = "the fleet is claimed under this name when the balancer starts";
const ENGINE = "the connection to the engine is made once, when the balancer starts";
const TEMPLATE =
  "the replicas' image and command belong to the fleet: `ringkeeper deploy` changes them";
const REPLICAS = "replicas get it from the engine, which is set up when the balancer starts";
const HEARTBEATS = "heartbeats keep connections on which they send the present request";
const API = "the ports and calls of the API are set up once, when the balancer starts";
const CERTIFICATES =
  "the place of the files is read once; replaced files are taken over at any time";
const OUTPUT = "the output of the log is set up once, when the balancer starts";

/** Why a restart is needed, by setting. A reload changes every setting that is not listed. */
const RESTARTS: Readonly<Partial<Record<SettingName, string>>> = {
  LB_CONFIG: "the file is named once, when the balancer starts",
  LB_TAKE_OVER: "it concerns a start of the balancer only",
  LB_HOST: PORT,
  LB_PORT: PORT,
  LB_WORKERS: PORT,
  LB_PROXY_PROTOCOL: "open connections have begun by the present rule",
  LB_TRUSTED_PROXIES: "open connections are trusted by the present list",
  LB_SLOTS: SHAPE,
  LB_VIRTUAL_SERVERS: SHAPE,
  LB_LAYOUT: SHAPE,
  LB_HASHES: SHAPE,
  LB_ERROR_PAGES: "the pages are read once, when the balancer starts",
  LB_FLEET: NAME,
  LB_STATE_FILE: NAME,
  LB_STORE: NAME,
  LB_LEASE_MS: "the lease is measured by this time from the start of the balancer on",
  LB_PEERS: "the port for messages of other balancers is opened once, when the balancer starts",
  LB_ISOLATED: "the rule for a lost store is set once, when the balancer starts",
  LB_REPLICAS: "the number belongs to the fleet: `ringkeeper add` and `ringkeeper rm` change it",
  LB_MAX_REPLICAS: "the fleet's bound is set when the balancer starts",
  LB_DRILLS: API,
  LB_HEALTH_PATH: HEARTBEATS,
  LB_HEALTH_HOST: HEARTBEATS,
  LB_HEALTH_HEADERS: HEARTBEATS,
  LB_HEALTH_HEADERS_FILE: HEARTBEATS,
  LB_OUTLIERS: "each thread of the data plane begins to sample responses when it starts",
  LB_TLS_PORT: PORT,
  LB_TLS_CERTIFICATES: CERTIFICATES,
  LB_TLS_STRICT_SNI: PORT,
  LB_TLS_REDIRECT: PORT,
  LB_TLS_HSTS: PORT,
  LB_TLS_CLIENT_CA: CERTIFICATES,
  LB_TLS_CLIENT_AUTH: PORT,
  LB_TLS_MAX_HANDSHAKES: PORT,
  LB_ADMIN_TLS: API,
  LB_ADMIN_LISTEN: API,
  LB_PUBLIC_API: API,
  LB_ENGINE: ENGINE,
  LB_CONTAINER_PREFIX: ENGINE,
  LB_DOCKER_NETWORK: ENGINE,
  LB_DOCKER_HOST: ENGINE,
  LB_DOCKER_CONFIG: ENGINE,
  DOCKER_TLS_VERIFY: ENGINE,
  DOCKER_CERT_PATH: ENGINE,
  LB_SWARM_POLL_MS: ENGINE,
  LB_SWARM_CONSTRAINTS: ENGINE,
  LB_REACH: ENGINE,
  LB_PULL: ENGINE,
  LB_PULL_TIMEOUT_MS: ENGINE,
  LB_REPLICA_IMAGE: TEMPLATE,
  LB_REPLICA_COMMAND: TEMPLATE,
  LB_REPLICA_OPTIONS: TEMPLATE,
  LB_REPLICA_SOCKETS: REPLICAS,
  LB_REPLICA_PORT: REPLICAS,
  LB_REPLICA_ENV: REPLICAS,
  LB_REPLICA_USER: REPLICAS,
  LB_ACCESS_LOG_FORMAT: OUTPUT,
  LB_LOG_FORMAT: OUTPUT,
};

/** Why a setting changes with a restart only; undefined if a reload changes it. */
export function restartReason(name: SettingName): string | undefined {
  return RESTARTS[name];
}
