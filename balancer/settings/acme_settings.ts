/**
 * Settings of certificates by ACME.
 *
 * @module
 */
import { parsed, type Setting, text } from "./setting.ts";
import { parseAcmeDirectory, parseTlsHosts } from "./values.ts";

/** In the order in which the reference lists them. */
export const ACME_SETTINGS = {
  LB_TLS_HOSTS: {
    schema: parsed(parseTlsHosts),
    fallback: "",
    expects: "at most 100 exact host names separated by commas, or empty",
    about: "host names whose certificates LB_ACME_DIRECTORY issues, each its own; the names have " +
      "to lead to this balancer, with its port LB_PORT reached from outside as port 80",
    form: { kind: "list" },
  },
  LB_ACME_DIRECTORY: {
    schema: parsed(parseAcmeDirectory),
    fallback: "",
    expects: "letsencrypt, letsencrypt-staging or a URL with https://, or empty",
    about:
      "the certificate authority of LB_TLS_HOSTS: the URL of its ACME directory, or the name " +
      "of Let's Encrypt; to set it is to agree to the authority's terms of service",
  },
  LB_ACME_EMAIL: text(
    "",
    "mail address of the account at LB_ACME_DIRECTORY, for notices of the authority",
    {
      expects: "one mail address, or empty",
      pattern: /^(?:[^\s@,?&<>:]{1,64}@[A-Za-z0-9.-]{1,253})?$/,
    },
  ),
  LB_ACME_CA: text(
    "",
    "file of certificates in PEM that sign the one of LB_ACME_DIRECTORY itself, for an authority " +
      "within a company; empty: the usual ones",
    { expects: "a path, or empty", pattern: /^[^\0]*$/ },
  ),
} satisfies Record<string, Setting<unknown>>;
