/**
 * The part of the balancer's environment that replicas of engine process inherit.
 *
 * @module
 */

/**
 * Variables that programs need to find files, programs, certificates and the user's language. All
 * others, including secrets and `LD_PRELOAD`, are passed by `LB_REPLICA_ENV` only. The balancer's
 * `--allow-env` permission lists the same names.
 */
export const INHERITED_NAMES: readonly string[] = [
  "DENO_CERT",
  "DENO_DIR",
  "DENO_TLS_CA_STORE",
  "HOME",
  "LANG",
  "LC_ALL",
  "LC_CTYPE",
  "LOGNAME",
  "NODE_EXTRA_CA_CERTS",
  "NO_COLOR",
  "PATH",
  "SHELL",
  "SSL_CERT_DIR",
  "SSL_CERT_FILE",
  "TERM",
  "TMPDIR",
  "TZ",
  "USER",
  "XDG_CACHE_HOME",
];

/** Search path if the balancer was started without `PATH`. */
const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * Returns the part of an environment that replicas inherit.
 *
 * @param environment the balancer's environment, by name
 */
export function inheritedEnvironment(
  environment: Readonly<Record<string, string>>,
): Record<string, string> {
  const names = INHERITED_NAMES.filter((name) => environment[name] !== undefined);
  return { PATH, ...Object.fromEntries(names.map((name) => [name, environment[name]!])) };
}
