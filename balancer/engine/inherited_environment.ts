/**
 * The part of the balancer's environment that replicas of engine process get.
 *
 * @module
 */

/**
 * What programs need to find files, programs, certificates and the user's language. Everything
 * else, secrets and `LD_PRELOAD` among it, is passed on by `LB_REPLICA_ENV` alone. The permission
 * `--allow-env` of the balancer lists the same names.
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

/** Where programs are looked for if the balancer was started without `PATH`. */
const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * The part of an environment that replicas get.
 *
 * @param environment the balancer's environment, by name
 */
export function inheritedEnvironment(
  environment: Readonly<Record<string, string>>,
): Record<string, string> {
  const names = INHERITED_NAMES.filter((name) => environment[name] !== undefined);
  return { PATH, ...Object.fromEntries(names.map((name) => [name, environment[name]!])) };
}
