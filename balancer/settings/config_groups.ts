/**
 * The settings, grouped by use. Only this folder and error messages know the `LB_*` names; a
 * configuration file uses the names of the groups.
 *
 * @module
 */
import type { RouteConfig } from "./routes.ts";
import type { SettingName, Settings } from "./settings.ts";

/** Groups that concern the whole process. */
export const PROCESS_GROUPS = {
  /** The public port, the connections of clients and the workers that serve them. */
  listen: {
    host: "LB_HOST",
    port: "LB_PORT",
    workers: "LB_WORKERS",
    proxyProtocol: "LB_PROXY_PROTOCOL",
    trustedProxies: "LB_TRUSTED_PROXIES",
    headMs: "LB_HEAD_TIMEOUT_MS",
    keepAliveMs: "LB_KEEPALIVE_TIMEOUT_MS",
  },
  /** Limits on clients' requests and connections. */
  limits: {
    lineBytes: "LB_MAX_REQUEST_LINE_BYTES",
    headBytes: "LB_MAX_HEAD_BYTES",
    fields: "LB_MAX_FIELDS",
    bodyBytes: "LB_MAX_BODY_BYTES",
    connections: "LB_MAX_CONNECTIONS",
    connectionsPerClient: "LB_MAX_CONNECTIONS_PER_CLIENT",
    apiConnections: "LB_MAX_API_CONNECTIONS",
    eventStreams: "LB_MAX_EVENT_STREAMS",
  },
  /** HTTP/2 with clients. */
  http2: {
    cleartext: "LB_HTTP2_CLEARTEXT",
    streams: "LB_HTTP2_MAX_STREAMS",
    streamWindow: "LB_HTTP2_STREAM_WINDOW_BYTES",
    connectionWindow: "LB_HTTP2_CONNECTION_WINDOW_BYTES",
  },
  /** Deadlines of a shutdown, in milliseconds. */
  drain: {
    requestsMs: "LB_DRAIN_MS",
    streamsMs: "LB_DRAIN_STREAMS_MS",
    shutdownMs: "LB_SHUTDOWN_TIMEOUT_MS",
    stopGraceMs: "LB_STOP_GRACE_MS",
  },
  /** TLS for clients. */
  tls: {
    port: "LB_TLS_PORT",
    certificates: "LB_TLS_CERTIFICATES",
    strictSni: "LB_TLS_STRICT_SNI",
    redirect: "LB_TLS_REDIRECT",
    hsts: "LB_TLS_HSTS",
    clientCa: "LB_TLS_CLIENT_CA",
    clientAuth: "LB_TLS_CLIENT_AUTH",
    handshakes: "LB_TLS_MAX_HANDSHAKES",
    hosts: "LB_TLS_HOSTS",
  },
  /** Certificates by ACME. */
  acme: {
    directory: "LB_ACME_DIRECTORY",
    email: "LB_ACME_EMAIL",
    ca: "LB_ACME_CA",
  },
  /** Access to the API. */
  admin: {
    token: "LB_ADMIN_TOKEN",
    tokenFile: "LB_ADMIN_TOKEN_FILE",
    readToken: "LB_READ_TOKEN",
    readTokenFile: "LB_READ_TOKEN_FILE",
    open: "LB_ADMIN_OPEN",
    listen: "LB_ADMIN_LISTEN",
    tls: "LB_ADMIN_TLS",
    publicApi: "LB_PUBLIC_API",
    allowedHosts: "LB_ALLOWED_HOSTS",
  },
  /** The engine that runs the replicas. */
  engine: {
    kind: "LB_ENGINE",
    containerPrefix: "LB_CONTAINER_PREFIX",
    network: "LB_DOCKER_NETWORK",
    dockerHost: "LB_DOCKER_HOST",
    dockerConfig: "LB_DOCKER_CONFIG",
    tlsVerify: "DOCKER_TLS_VERIFY",
    certPath: "DOCKER_CERT_PATH",
    pull: "LB_PULL",
    pullTimeoutMs: "LB_PULL_TIMEOUT_MS",
    pollMs: "LB_SWARM_POLL_MS",
    constraints: "LB_SWARM_CONSTRAINTS",
    reach: "LB_REACH",
  },
  /** Logs. */
  log: {
    access: "LB_ACCESS_LOG",
    accessFormat: "LB_ACCESS_LOG_FORMAT",
    level: "LB_LOG_LEVEL",
    format: "LB_LOG_FORMAT",
  },
} as const satisfies Record<string, Record<string, SettingName>>;

/** Groups of one service. */
export const SERVICE_GROUPS = {
  /** The ring, and the source of a request's key. */
  ring: {
    slots: "LB_SLOTS",
    virtualServers: "LB_VIRTUAL_SERVERS",
    layout: "LB_LAYOUT",
    hashes: "LB_HASHES",
    key: "LB_KEY",
    affinityCookie: "LB_AFFINITY_COOKIE",
    affinityTtlS: "LB_AFFINITY_TTL",
    loadBound: "LB_LOAD_BOUND",
    fields: "LB_RING_FIELDS",
  },
  /** The size of the fleet and its names. */
  fleet: {
    name: "LB_FLEET",
    takeOver: "LB_TAKE_OVER",
    replicas: "LB_REPLICAS",
    maxReplicas: "LB_MAX_REPLICAS",
    upstreams: "LB_UPSTREAMS",
    spares: "LB_SPARES",
    stateFile: "LB_STATE_FILE",
    store: "LB_STORE",
    leaseMs: "LB_LEASE_MS",
    peers: "LB_PEERS",
    isolated: "LB_ISOLATED",
    drills: "LB_DRILLS",
    slowStartMs: "LB_SLOW_START_MS",
  },
  /** Health checks. */
  health: {
    heartbeatMs: "LB_HEARTBEAT_MS",
    heartbeatTimeoutMs: "LB_HEARTBEAT_TIMEOUT_MS",
    downAfter: "LB_HEARTBEAT_DOWN",
    upAfter: "LB_HEARTBEAT_UP",
    path: "LB_HEALTH_PATH",
    host: "LB_HEALTH_HOST",
    headers: "LB_HEALTH_HEADERS",
    headersFile: "LB_HEALTH_HEADERS_FILE",
    suspectMs: "LB_SUSPECT_MS",
    outliers: "LB_OUTLIERS",
    readyShare: "LB_READY_SHARE",
  },
  /** Replacement of failed replicas. */
  healing: {
    startTimeoutMs: "LB_START_TIMEOUT_MS",
    backoffMs: "LB_RESTART_BACKOFF_MS",
    backoffMaxMs: "LB_RESTART_BACKOFF_MAX_MS",
    healthySpellMs: "LB_HEALTHY_SPELL_MS",
    startsPerMinute: "LB_STARTS_PER_MINUTE",
    minHealthyPercent: "LB_MIN_HEALTHY_PERCENT",
    poisonDeaths: "LB_POISON_DEATHS",
    quarantineMs: "LB_QUARANTINE_MS",
    minReadyMs: "LB_MIN_READY_MS",
  },
  /** Waiting of requests for their replica. */
  hold: {
    policy: "LB_HOLD",
    ms: "LB_HOLD_MS",
    requests: "LB_HOLD_REQUESTS",
    bytes: "LB_HOLD_BYTES",
  },
  /** Deadlines of requests and of connections to replicas, in milliseconds. */
  timeouts: {
    connectMs: "LB_CONNECT_TIMEOUT_MS",
    responseMs: "LB_RESPONSE_TIMEOUT_MS",
    bodyMs: "LB_BODY_TIMEOUT_MS",
    responseBodyMs: "LB_RESPONSE_BODY_TIMEOUT_MS",
    streamIdleMs: "LB_STREAM_IDLE_MS",
    upstreamIdleMs: "LB_UPSTREAM_IDLE_MS",
  },
  /** Headers that are forwarded. */
  http: {
    underscores: "LB_UNDERSCORES",
    via: "LB_VIA",
    trace: "LB_TRACE",
    errorPages: "LB_ERROR_PAGES",
  },
  /** The template of a replica. */
  replica: {
    image: "LB_REPLICA_IMAGE",
    command: "LB_REPLICA_COMMAND",
    sockets: "LB_REPLICA_SOCKETS",
    port: "LB_REPLICA_PORT",
    env: "LB_REPLICA_ENV",
    options: "LB_REPLICA_OPTIONS",
    user: "LB_REPLICA_USER",
  },
} as const satisfies Record<string, Record<string, SettingName>>;

const GROUPS = { ...PROCESS_GROUPS, ...SERVICE_GROUPS };

/** Settings that no configuration file may hold. */
export const OUTSIDE_FILES = {
  LB_CONFIG: "it names the file itself",
  LB_TAKE_OVER: "it is for one start alone: --take-over, or the environment",
} as const satisfies Partial<Record<SettingName, string>>;

type Group<G extends Record<string, SettingName>> = {
  readonly [Field in keyof G]: Settings[G[Field]];
};

/** Every setting, parsed and validated, in groups. */
export type Config =
  & { readonly [Name in keyof typeof GROUPS]: Group<(typeof GROUPS)[Name]> }
  & ServiceConfig;

/** The part of a configuration that only a file can describe. */
interface ServiceConfig {
  /** The name of the service. */
  readonly service: string;
  /** The routes, the one that counts first. */
  readonly routes: readonly RouteConfig[];
}

/**
 * Groups parsed settings.
 *
 * @param settings the settings by their environment names
 * @param service the part that is no setting
 * @returns the groups, frozen
 */
export function groupSettings(settings: Settings, service: ServiceConfig): Config {
  const groups = Object.entries(GROUPS).map(([name, fields]) => [
    name,
    Object.freeze(
      Object.fromEntries(
        Object.entries(fields).map(([field, setting]) => [field, settings[setting]]),
      ),
    ),
  ]);
  return Object.freeze({ ...Object.fromEntries(groups), ...service }) as Config;
}
