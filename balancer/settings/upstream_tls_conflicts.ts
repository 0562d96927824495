/**
 * Conflicts between settings of TLS to replicas.
 *
 * @module
 */
import type { Settings } from "./settings.ts";

/**
 * Checks settings of TLS to replicas that are valid alone but conflict with each other.
 *
 * @param config the settings by their environment names
 * @returns one line per fault, each beginning with the name of a setting
 */
export function upstreamTlsFaults(config: Settings): string[] {
  const { LB_UPSTREAM_TLS, LB_UPSTREAM_TLS_CERTIFICATE, LB_UPSTREAM_TLS_KEY } = config;
  const faults: string[] = [];
  if ((LB_UPSTREAM_TLS_CERTIFICATE === "") !== (LB_UPSTREAM_TLS_KEY === "")) {
    faults.push(
      "LB_UPSTREAM_TLS_CERTIFICATE, LB_UPSTREAM_TLS_KEY: must be given together; got only " +
        (LB_UPSTREAM_TLS_CERTIFICATE || LB_UPSTREAM_TLS_KEY),
    );
  }
  if (LB_UPSTREAM_TLS === "on" && config.LB_ENGINE === "static") {
    faults.push(
      "LB_UPSTREAM_TLS: must be off with LB_ENGINE=static, where https://host:port in " +
        "LB_UPSTREAMS turns TLS on; got on",
    );
  }
  if (LB_UPSTREAM_TLS === "on" && config.LB_REPLICA_SOCKETS !== "") {
    faults.push(
      "LB_UPSTREAM_TLS: must be off with LB_REPLICA_SOCKETS, for Unix sockets have no TLS; got on",
    );
  }
  if (config.LB_UPSTREAM_TLS_INSECURE_SKIP_VERIFY && config.LB_UPSTREAM_TLS_CA !== "") {
    faults.push(
      "LB_UPSTREAM_TLS_INSECURE_SKIP_VERIFY: must be false with LB_UPSTREAM_TLS_CA, which would " +
        "verify nothing; got true",
    );
  }
  return faults;
}
