/**
 * Conflicts between the settings of TLS and of ACME.
 *
 * @module
 */
import type { Settings } from "./settings.ts";
import { isAddress } from "./values.ts";

/**
 * Checks the settings of TLS for clients.
 *
 * @param config the settings by their environment names
 * @returns one line per fault
 */
export function tlsFaults(config: Settings): string[] {
  const { LB_PORT, LB_TLS_PORT, LB_TLS_REDIRECT, LB_ADMIN_TLS } = config;
  const without = config.LB_TLS_CERTIFICATES === null && config.LB_TLS_HOSTS.length === 0;
  const faults = acmeFaults(config);
  if (LB_TLS_PORT !== null && without) {
    faults.push(
      "LB_TLS_PORT: needs LB_TLS_CERTIFICATES to name the certificates, or LB_TLS_HOSTS the " +
        "hosts; got neither",
    );
  }
  if (LB_TLS_PORT !== null && LB_TLS_PORT !== 0 && LB_TLS_PORT === LB_PORT) {
    faults.push(`LB_TLS_PORT: must be another port than LB_PORT; got ${LB_TLS_PORT} for both`);
  }
  if (config.LB_TLS_CLIENT_CA !== "" && LB_TLS_PORT === null) {
    faults.push(`LB_TLS_CLIENT_CA: needs LB_TLS_PORT; got ${config.LB_TLS_CLIENT_CA} without it`);
  }
  if (LB_TLS_REDIRECT !== false && LB_TLS_PORT === null) {
    faults.push(`LB_TLS_REDIRECT: needs LB_TLS_PORT; got ${LB_TLS_REDIRECT} without it`);
  }
  if (LB_TLS_REDIRECT !== false && config.LB_DRILLS) {
    faults.push("LB_DRILLS: needs LB_TLS_REDIRECT=false, for drills send requests without TLS");
  }
  if (LB_ADMIN_TLS === "on" && without) {
    faults.push(
      "LB_ADMIN_TLS: on needs LB_TLS_CERTIFICATES to name the certificates, or LB_TLS_HOSTS the " +
        "hosts; got neither",
    );
  }
  return faults;
}

function acmeFaults(config: Settings): string[] {
  const { LB_TLS_HOSTS: hosts, LB_ACME_DIRECTORY, LB_TLS_PORT, LB_ADMIN_TLS } = config;
  const faults = hosts.flatMap(hostFault);
  if (hosts.length > 0 && LB_ACME_DIRECTORY === null) {
    faults.push(
      "LB_TLS_HOSTS: needs LB_ACME_DIRECTORY to name the authority, such as letsencrypt; got none",
    );
  }
  if (hosts.length === 0 && LB_ACME_DIRECTORY !== null) {
    faults.push("LB_ACME_DIRECTORY: needs LB_TLS_HOSTS to name the hosts; got none");
  }
  if (hosts.length > 0 && LB_TLS_PORT === null && LB_ADMIN_TLS === "off") {
    faults.push(`LB_TLS_HOSTS: needs LB_TLS_PORT; got ${hosts.join(",")} without it`);
  }
  return faults;
}

/** RFC 8738 and RFC 8555, section 7.1.3: names that a response over HTTP does not prove. */
function hostFault(host: string): string[] {
  if (host.startsWith("*.")) {
    return [
      `LB_TLS_HOSTS: a wildcard can be proven by DNS only, and this balancer proves names by ` +
      `HTTP; name each host, or give files in LB_TLS_CERTIFICATES; got ${host}`,
    ];
  }
  if (isAddress(host)) {
    return [
      `LB_TLS_HOSTS: must be host names, for clients send no server name (SNI) for an address; ` +
      `give files in LB_TLS_CERTIFICATES; got ${host}`,
    ];
  }
  return [];
}
