/**
 * The settings, grouped by use. Only this folder and error messages know the `LB_*` names.
 *
 * @module
 */
import type { Settings } from "./settings.ts";

/** Every setting, parsed and validated, in groups. */
export interface Config {
  /** The public port and the workers that serve it. */
  readonly listen: {
    readonly host: Settings["LB_HOST"];
    readonly port: Settings["LB_PORT"];
    readonly workers: Settings["LB_WORKERS"];
    readonly proxyProtocol: Settings["LB_PROXY_PROTOCOL"];
    readonly trustedProxies: Settings["LB_TRUSTED_PROXIES"];
  };
  /** The ring, and the source of a request's key. */
  readonly ring: {
    readonly slots: Settings["LB_SLOTS"];
    readonly virtualServers: Settings["LB_VIRTUAL_SERVERS"];
    readonly layout: Settings["LB_LAYOUT"];
    readonly hashes: Settings["LB_HASHES"];
    readonly key: Settings["LB_KEY"];
    readonly affinityCookie: Settings["LB_AFFINITY_COOKIE"];
    readonly affinityTtlS: Settings["LB_AFFINITY_TTL"];
    readonly loadBound: Settings["LB_LOAD_BOUND"];
    readonly fields: Settings["LB_RING_FIELDS"];
  };
  /** The size of the fleet and its names. */
  readonly fleet: {
    readonly name: Settings["LB_FLEET"];
    readonly takeOver: Settings["LB_TAKE_OVER"];
    readonly replicas: Settings["LB_REPLICAS"];
    readonly maxReplicas: Settings["LB_MAX_REPLICAS"];
    readonly upstreams: Settings["LB_UPSTREAMS"];
    readonly spares: Settings["LB_SPARES"];
    readonly stateFile: Settings["LB_STATE_FILE"];
    readonly drills: Settings["LB_DRILLS"];
    readonly slowStartMs: Settings["LB_SLOW_START_MS"];
  };
  /** Health checks. */
  readonly health: {
    readonly heartbeatMs: Settings["LB_HEARTBEAT_MS"];
    readonly heartbeatTimeoutMs: Settings["LB_HEARTBEAT_TIMEOUT_MS"];
    readonly downAfter: Settings["LB_HEARTBEAT_DOWN"];
    readonly upAfter: Settings["LB_HEARTBEAT_UP"];
    readonly path: Settings["LB_HEALTH_PATH"];
    readonly host: Settings["LB_HEALTH_HOST"];
    readonly headers: Settings["LB_HEALTH_HEADERS"];
    readonly suspectMs: Settings["LB_SUSPECT_MS"];
    readonly outliers: Settings["LB_OUTLIERS"];
    readonly readyShare: Settings["LB_READY_SHARE"];
  };
  /** Replacement of failed replicas. */
  readonly healing: {
    readonly startTimeoutMs: Settings["LB_START_TIMEOUT_MS"];
    readonly backoffMs: Settings["LB_RESTART_BACKOFF_MS"];
    readonly backoffMaxMs: Settings["LB_RESTART_BACKOFF_MAX_MS"];
    readonly healthySpellMs: Settings["LB_HEALTHY_SPELL_MS"];
    readonly startsPerMinute: Settings["LB_STARTS_PER_MINUTE"];
    readonly minHealthyPercent: Settings["LB_MIN_HEALTHY_PERCENT"];
    readonly poisonDeaths: Settings["LB_POISON_DEATHS"];
    readonly quarantineMs: Settings["LB_QUARANTINE_MS"];
    readonly minReadyMs: Settings["LB_MIN_READY_MS"];
  };
  /** Deadlines of a shutdown, in milliseconds. */
  readonly drain: {
    readonly requestsMs: Settings["LB_DRAIN_MS"];
    readonly streamsMs: Settings["LB_DRAIN_STREAMS_MS"];
    readonly shutdownMs: Settings["LB_SHUTDOWN_TIMEOUT_MS"];
    readonly stopGraceMs: Settings["LB_STOP_GRACE_MS"];
  };
  /** Waiting of requests for their replica. */
  readonly hold: {
    readonly policy: Settings["LB_HOLD"];
    readonly ms: Settings["LB_HOLD_MS"];
    readonly requests: Settings["LB_HOLD_REQUESTS"];
    readonly bytes: Settings["LB_HOLD_BYTES"];
  };
  /** Deadlines in the data plane, in milliseconds. */
  readonly timeouts: {
    readonly connectMs: Settings["LB_CONNECT_TIMEOUT_MS"];
    readonly responseMs: Settings["LB_RESPONSE_TIMEOUT_MS"];
    readonly bodyMs: Settings["LB_BODY_TIMEOUT_MS"];
    readonly responseBodyMs: Settings["LB_RESPONSE_BODY_TIMEOUT_MS"];
    readonly streamIdleMs: Settings["LB_STREAM_IDLE_MS"];
    readonly headMs: Settings["LB_HEAD_TIMEOUT_MS"];
    readonly keepAliveMs: Settings["LB_KEEPALIVE_TIMEOUT_MS"];
    readonly upstreamIdleMs: Settings["LB_UPSTREAM_IDLE_MS"];
  };
  /** Limits on clients' requests and connections. */
  readonly limits: {
    readonly lineBytes: Settings["LB_MAX_REQUEST_LINE_BYTES"];
    readonly headBytes: Settings["LB_MAX_HEAD_BYTES"];
    readonly fields: Settings["LB_MAX_FIELDS"];
    readonly bodyBytes: Settings["LB_MAX_BODY_BYTES"];
    readonly connections: Settings["LB_MAX_CONNECTIONS"];
    readonly connectionsPerClient: Settings["LB_MAX_CONNECTIONS_PER_CLIENT"];
    readonly apiConnections: Settings["LB_MAX_API_CONNECTIONS"];
    readonly eventStreams: Settings["LB_MAX_EVENT_STREAMS"];
  };
  /** Headers that are forwarded. */
  readonly http: {
    readonly underscores: Settings["LB_UNDERSCORES"];
    readonly via: Settings["LB_VIA"];
    readonly trace: Settings["LB_TRACE"];
    readonly errorPages: Settings["LB_ERROR_PAGES"];
  };
  /** Access to the API. */
  readonly admin: {
    readonly token: Settings["LB_ADMIN_TOKEN"];
    readonly tokenFile: Settings["LB_ADMIN_TOKEN_FILE"];
    readonly readToken: Settings["LB_READ_TOKEN"];
    readonly readTokenFile: Settings["LB_READ_TOKEN_FILE"];
    readonly open: Settings["LB_ADMIN_OPEN"];
    readonly listen: Settings["LB_ADMIN_LISTEN"];
    readonly publicApi: Settings["LB_PUBLIC_API"];
    readonly allowedHosts: Settings["LB_ALLOWED_HOSTS"];
  };
  /** The engine that runs the replicas. */
  readonly engine: {
    readonly kind: Settings["LB_ENGINE"];
    readonly containerPrefix: Settings["LB_CONTAINER_PREFIX"];
    readonly network: Settings["LB_DOCKER_NETWORK"];
    readonly dockerHost: Settings["LB_DOCKER_HOST"];
    readonly dockerConfig: Settings["LB_DOCKER_CONFIG"];
    readonly tlsVerify: Settings["DOCKER_TLS_VERIFY"];
    readonly certPath: Settings["DOCKER_CERT_PATH"];
    readonly pull: Settings["LB_PULL"];
    readonly pullTimeoutMs: Settings["LB_PULL_TIMEOUT_MS"];
  };
  /** The template of a replica. */
  readonly replica: {
    readonly image: Settings["LB_REPLICA_IMAGE"];
    readonly command: Settings["LB_REPLICA_COMMAND"];
    readonly sockets: Settings["LB_REPLICA_SOCKETS"];
    readonly port: Settings["LB_REPLICA_PORT"];
    readonly env: Settings["LB_REPLICA_ENV"];
    readonly options: Settings["LB_REPLICA_OPTIONS"];
    readonly user: Settings["LB_REPLICA_USER"];
  };
  /** Logs. */
  readonly log: {
    readonly access: Settings["LB_ACCESS_LOG"];
    readonly accessFormat: Settings["LB_ACCESS_LOG_FORMAT"];
    readonly level: Settings["LB_LOG_LEVEL"];
    readonly format: Settings["LB_LOG_FORMAT"];
  };
}

/**
 * Groups parsed settings.
 *
 * @param settings the settings by their environment names
 * @returns the groups, frozen
 */
export function groupSettings(settings: Settings): Config {
  return Object.freeze({
    listen: Object.freeze({
      host: settings.LB_HOST,
      port: settings.LB_PORT,
      workers: settings.LB_WORKERS,
      proxyProtocol: settings.LB_PROXY_PROTOCOL,
      trustedProxies: settings.LB_TRUSTED_PROXIES,
    }),
    ring: Object.freeze({
      slots: settings.LB_SLOTS,
      virtualServers: settings.LB_VIRTUAL_SERVERS,
      layout: settings.LB_LAYOUT,
      hashes: settings.LB_HASHES,
      key: settings.LB_KEY,
      affinityCookie: settings.LB_AFFINITY_COOKIE,
      affinityTtlS: settings.LB_AFFINITY_TTL,
      loadBound: settings.LB_LOAD_BOUND,
      fields: settings.LB_RING_FIELDS,
    }),
    fleet: Object.freeze({
      name: settings.LB_FLEET,
      takeOver: settings.LB_TAKE_OVER,
      replicas: settings.LB_REPLICAS,
      maxReplicas: settings.LB_MAX_REPLICAS,
      upstreams: settings.LB_UPSTREAMS,
      spares: settings.LB_SPARES,
      stateFile: settings.LB_STATE_FILE,
      drills: settings.LB_DRILLS,
      slowStartMs: settings.LB_SLOW_START_MS,
    }),
    health: Object.freeze({
      heartbeatMs: settings.LB_HEARTBEAT_MS,
      heartbeatTimeoutMs: settings.LB_HEARTBEAT_TIMEOUT_MS,
      downAfter: settings.LB_HEARTBEAT_DOWN,
      upAfter: settings.LB_HEARTBEAT_UP,
      path: settings.LB_HEALTH_PATH,
      host: settings.LB_HEALTH_HOST,
      headers: settings.LB_HEALTH_HEADERS,
      suspectMs: settings.LB_SUSPECT_MS,
      outliers: settings.LB_OUTLIERS,
      readyShare: settings.LB_READY_SHARE,
    }),
    healing: Object.freeze({
      startTimeoutMs: settings.LB_START_TIMEOUT_MS,
      backoffMs: settings.LB_RESTART_BACKOFF_MS,
      backoffMaxMs: settings.LB_RESTART_BACKOFF_MAX_MS,
      healthySpellMs: settings.LB_HEALTHY_SPELL_MS,
      startsPerMinute: settings.LB_STARTS_PER_MINUTE,
      minHealthyPercent: settings.LB_MIN_HEALTHY_PERCENT,
      poisonDeaths: settings.LB_POISON_DEATHS,
      quarantineMs: settings.LB_QUARANTINE_MS,
      minReadyMs: settings.LB_MIN_READY_MS,
    }),
    drain: Object.freeze({
      requestsMs: settings.LB_DRAIN_MS,
      streamsMs: settings.LB_DRAIN_STREAMS_MS,
      shutdownMs: settings.LB_SHUTDOWN_TIMEOUT_MS,
      stopGraceMs: settings.LB_STOP_GRACE_MS,
    }),
    hold: Object.freeze({
      policy: settings.LB_HOLD,
      ms: settings.LB_HOLD_MS,
      requests: settings.LB_HOLD_REQUESTS,
      bytes: settings.LB_HOLD_BYTES,
    }),
    timeouts: Object.freeze({
      connectMs: settings.LB_CONNECT_TIMEOUT_MS,
      responseMs: settings.LB_RESPONSE_TIMEOUT_MS,
      bodyMs: settings.LB_BODY_TIMEOUT_MS,
      responseBodyMs: settings.LB_RESPONSE_BODY_TIMEOUT_MS,
      streamIdleMs: settings.LB_STREAM_IDLE_MS,
      headMs: settings.LB_HEAD_TIMEOUT_MS,
      keepAliveMs: settings.LB_KEEPALIVE_TIMEOUT_MS,
      upstreamIdleMs: settings.LB_UPSTREAM_IDLE_MS,
    }),
    limits: Object.freeze({
      lineBytes: settings.LB_MAX_REQUEST_LINE_BYTES,
      headBytes: settings.LB_MAX_HEAD_BYTES,
      fields: settings.LB_MAX_FIELDS,
      bodyBytes: settings.LB_MAX_BODY_BYTES,
      connections: settings.LB_MAX_CONNECTIONS,
      connectionsPerClient: settings.LB_MAX_CONNECTIONS_PER_CLIENT,
      apiConnections: settings.LB_MAX_API_CONNECTIONS,
      eventStreams: settings.LB_MAX_EVENT_STREAMS,
    }),
    http: Object.freeze({
      underscores: settings.LB_UNDERSCORES,
      via: settings.LB_VIA,
      trace: settings.LB_TRACE,
      errorPages: settings.LB_ERROR_PAGES,
    }),
    admin: Object.freeze({
      token: settings.LB_ADMIN_TOKEN,
      tokenFile: settings.LB_ADMIN_TOKEN_FILE,
      readToken: settings.LB_READ_TOKEN,
      readTokenFile: settings.LB_READ_TOKEN_FILE,
      open: settings.LB_ADMIN_OPEN,
      listen: settings.LB_ADMIN_LISTEN,
      publicApi: settings.LB_PUBLIC_API,
      allowedHosts: settings.LB_ALLOWED_HOSTS,
    }),
    engine: Object.freeze({
      kind: settings.LB_ENGINE,
      containerPrefix: settings.LB_CONTAINER_PREFIX,
      network: settings.LB_DOCKER_NETWORK,
      dockerHost: settings.LB_DOCKER_HOST,
      dockerConfig: settings.LB_DOCKER_CONFIG,
      tlsVerify: settings.DOCKER_TLS_VERIFY,
      certPath: settings.DOCKER_CERT_PATH,
      pull: settings.LB_PULL,
      pullTimeoutMs: settings.LB_PULL_TIMEOUT_MS,
    }),
    replica: Object.freeze({
      image: settings.LB_REPLICA_IMAGE,
      command: settings.LB_REPLICA_COMMAND,
      sockets: settings.LB_REPLICA_SOCKETS,
      port: settings.LB_REPLICA_PORT,
      env: settings.LB_REPLICA_ENV,
      options: settings.LB_REPLICA_OPTIONS,
      user: settings.LB_REPLICA_USER,
    }),
    log: Object.freeze({
      access: settings.LB_ACCESS_LOG,
      accessFormat: settings.LB_ACCESS_LOG_FORMAT,
      level: settings.LB_LOG_LEVEL,
      format: settings.LB_LOG_FORMAT,
    }),
  });
}
