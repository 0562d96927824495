/**
 * The contract between the balancer and a replica. It is all that the balancer knows about the
 * service. Any HTTP server that listens on `PORT` fulfils it.
 *
 * @module
 */

/** Path of the page that the replica of this project serves. */
export const HOME_PATH = "/home";

/** Path that answers 2xx while the replica is able to serve; the default of `LB_HEALTH_PATH`. */
export const HEARTBEAT_PATH = "/heartbeat";

/** Port that a containerised replica listens on unless `LB_REPLICA_PORT` says otherwise. */
export const DEFAULT_PORT = 5000;

/**
 * Field of a heartbeat request that names the replica. A replica that was started without a name
 * (`SERVER_NAME` empty or unset) takes the first valid name that comes straight from the balancer,
 * and keeps it. A request that came through a proxy names no replica: it has a `Via` field (RFC
 * 9110, section 7.6.3) or, with `LB_VIA=false`, `X-Forwarded-For`, which the balancer adds to every
 * request that it forwards.
 */
export const NAME_FIELD = "X-Server-Name";

/** The maximum length of a name. */
export const LONGEST_NAME = 63;

/** Names of the environment variables that every replica is started with. */
export const REPLICA_ENV = {
  /** Address to listen on. */
  host: "HOST",
  /** TCP port to listen on. */
  port: "PORT",
  /** Path of the Unix socket to listen on; set instead of HOST and PORT. */
  socket: "SOCKET",
  /** The replica's name in the ring, `Server3`; empty for a replica that is named later. */
  name: "SERVER_NAME",
  /** The number at the end of the name, `3`, or the whole name if it has none. */
  id: "SERVER_ID",
} as const;

/** The environment of one replica. */
type ReplicaEnv = Record<string, string>;

/** The pattern of a replica's name. */
export const NAME_PATTERN: RegExp = new RegExp(
  `^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,${LONGEST_NAME - 2}}[A-Za-z0-9_])?$`,
);

/**
 * Whether a text can be a replica's name: 1 to 63 letters, digits, `_` or `-`, beginning with a
 * letter or a digit and not ending with `-`.
 *
 * @param text the text to check
 */
export function isName(text: string): boolean {
  return NAME_PATTERN.test(text);
}

/**
 * Returns the short name that a replica shows.
 *
 * @param name the replica's name in the ring, for example `Server3`
 * @returns `3` for `Server3`; the name itself if it does not match `Server<number>`
 */
export function serverId(name: string): string {
  return /^Server(\d+)$/.exec(name)?.[1] ?? name;
}

/**
 * Returns the environment with a replica's name and listen address.
 *
 * @param name the replica's name in the ring; empty for one that is named later, which hides a name
 * that its surroundings set
 * @param host address to listen on
 * @param port TCP port to listen on
 */
export function replicaEnv(name: string, host: string, port: number): ReplicaEnv {
  return { [REPLICA_ENV.host]: host, [REPLICA_ENV.port]: String(port), ...identityEnv(name) };
}

/**
 * Returns the same for a replica that listens on a Unix socket.
 *
 * @param name the replica's name in the ring; empty for a replica that is named later
 * @param socket path of the socket to listen on
 */
export function socketEnv(name: string, socket: string): ReplicaEnv {
  return { [REPLICA_ENV.socket]: socket, ...identityEnv(name) };
}

function identityEnv(name: string): ReplicaEnv {
  return { [REPLICA_ENV.name]: name, [REPLICA_ENV.id]: serverId(name) };
}
