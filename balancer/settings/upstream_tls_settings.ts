/**
 * Settings of TLS to replicas.
 *
 * @module
 */
import { choice, flag, type Setting, text } from "./setting.ts";

const FILE = { expects: "a path, or empty", pattern: /^[^\0]*$/ };

/** In the order in which the reference lists them. */
export const UPSTREAM_TLS_SETTINGS = {
  LB_UPSTREAM_TLS: choice(
    ["off", "on"],
    "on: the replicas that the balancer starts speak TLS, engines docker, process and swarm; upstreams " +
      "of LB_UPSTREAMS do where their address is `https://host:port`",
  ),
  LB_UPSTREAM_TLS_CA: text(
    "",
    "file of certificates in PEM that sign those of replicas, and no others then; empty: the " +
      "authorities of the system",
    FILE,
  ),
  LB_UPSTREAM_TLS_NAME: text(
    "",
    "name that replicas are asked for (SNI), and that their certificates must be for; empty: the " +
      "host of the address",
    { expects: "a host name, or empty", pattern: /^([A-Za-z0-9_]([A-Za-z0-9_.-]{0,252}))?$/ },
  ),
  LB_UPSTREAM_TLS_CERTIFICATE: text(
    "",
    "file of the balancer's own certificate in PEM, with its chain, for replicas that ask for one",
    FILE,
  ),
  LB_UPSTREAM_TLS_KEY: text("", "file of the key of LB_UPSTREAM_TLS_CERTIFICATE in PEM", FILE),
  LB_UPSTREAM_TLS_INSECURE_SKIP_VERIFY: flag(
    false,
    "true: the certificates of replicas are not verified, so that anyone between can read and " +
      "change requests and responses",
  ),
} satisfies Record<string, Setting<unknown>>;
