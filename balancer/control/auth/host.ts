/**
 * Tells host names of this machine from names that a stranger may have pointed here.
 *
 * @module
 */

/**
 * Whether only this machine can reach an address.
 *
 * @param host the address that a port listens on
 */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

/**
 * Whether an authority (RFC 3986, section 3.2) names an address or `localhost`. A browser resolves
 * both without asking a name server, so no stranger can point either at this machine.
 *
 * @param authority a host with or without a port, as in the field `Host`
 */
export function isFixedName(authority: string): boolean {
  const name = hostOf(authority);
  return name === "localhost" || name.endsWith(".localhost") || name.startsWith("[") ||
    /^\d+\.\d+\.\d+\.\d+$/.test(name);
}

/**
 * Whether an authority names a host without a dot, such as a container of the same network. No
 * public name server answers for such a name.
 *
 * @param authority a host with or without a port, as in the field `Host`
 */
export function isDotless(authority: string): boolean {
  return !hostOf(authority).includes(".");
}

/**
 * The host of an authority in lower case, without its port and without a dot at its end.
 *
 * @param authority a host with or without a port
 */
export function hostOf(authority: string): string {
  return authority.toLowerCase().replace(/:\d+$/, "").replace(/\.$/, "");
}
