/**
 * Settings of TLS for clients.
 *
 * @module
 */
import { choice, parsed, type Setting, text, whole } from "./setting.ts";
import { parseCertificateFiles, parseFlag, parseRedirect, parseTlsPort } from "./values.ts";

/** In the order in which the reference lists them. */
export const TLS_SETTINGS = {
  LB_TLS_PORT: {
    schema: parsed(parseTlsPort),
    fallback: "",
    expects: "a whole number from 0 to 65535, or empty",
    about: "port for HTTPS, beside LB_PORT; 0 takes a free one, empty: none",
  },
  LB_TLS_CERTIFICATES: {
    schema: parsed(parseCertificateFiles),
    fallback: "",
    expects: "a folder, or pairs `CERTIFICATE:KEY` of files separated by commas",
    about: "certificates in PEM, chosen by the client's server name: a folder of NAME.pem and " +
      "NAME.key (`default` or the first is the default), or pairs of files; replaced files are " +
      "taken over within seconds",
  },
  LB_TLS_STRICT_SNI: {
    schema: parsed(parseFlag),
    fallback: "false",
    expects: "true or false",
    about: "whether clients that name no server, or one without a certificate, are refused " +
      "instead of getting the default certificate",
  },
  LB_TLS_REDIRECT: {
    schema: parsed(parseRedirect),
    fallback: "false",
    expects: "true, false or a port from 1 to 65535",
    about: "whether requests on LB_PORT are redirected to HTTPS, on LB_TLS_PORT or on the port " +
      "that clients use for it",
  },
  LB_TLS_HSTS: text(
    "",
    "value of Strict-Transport-Security in responses over TLS that have none, " +
      "`max-age=31536000`; empty: no such field",
    {
      expects: "`max-age=SECONDS`, with `; includeSubDomains` and `; preload` if wanted, or empty",
      pattern: /^(max-age=\d{1,10}(; ?includeSubDomains)?(; ?preload)?)?$/,
    },
  ),
  LB_TLS_CLIENT_CA: text(
    "",
    "file of certificates in PEM that sign those of clients; empty: clients are asked for none",
    { expects: "a path, or empty", pattern: /^[^\0]*$/ },
  ),
  LB_TLS_CLIENT_AUTH: choice(
    ["require", "request"],
    "with LB_TLS_CLIENT_CA: whether a client without a certificate is refused; one with a " +
      "certificate that is not valid always is",
  ),
  LB_TLS_MAX_HANDSHAKES: whole(
    512,
    4,
    100000,
    "most concurrent TLS handshakes of one worker; one address may have a quarter of them; " +
      "further connections are closed",
  ),
  LB_ADMIN_TLS: choice(
    ["off", "on"],
    "on: the API's own port (LB_ADMIN_LISTEN) speaks TLS, with the same certificates; " +
      "programs on this machine may also use it without TLS",
  ),
} satisfies Record<string, Setting<unknown>>;
