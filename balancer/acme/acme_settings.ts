/**
 * Settings of certificates by ACME, as a running balancer has them.
 *
 * @module
 */
import type { Config } from "../config.ts";

/** The settings, which a reload changes. */
export interface AcmeSettings {
  /** Host names, in the order in which their certificates are presented. */
  readonly hosts: readonly string[];
  /** URL of the authority's directory; empty for none. */
  readonly directory: string;
  /** Mail address of the account; empty for none. */
  readonly email: string;
  /** File of certificates that sign the authority's own; empty for the usual ones. */
  readonly ca: string;
}

/** Returns the settings of a configuration. */
export function acmeSettings({ tls, acme }: Pick<Config, "tls" | "acme">): AcmeSettings {
  return {
    hosts: tls.hosts,
    directory: acme.directory ?? "",
    email: acme.email,
    ca: acme.ca,
  };
}

/** Folder of balancers without a state file. */
const FOLDER = ".run/state";

/**
 * Returns the folder of the account and the certificates: beside the state file, so that each fleet
 * has its own.
 *
 * @param fleet the settings of the fleet
 */
export function acmeFolder({ stateFile, name }: Config["fleet"]): string {
  return stateFile === "" ? `${FOLDER}/${name}.acme` : `${stateFile}.acme`;
}
