/**
 * Settings of access to the API.
 *
 * @module
 */
import { choice, parsed, type Setting, text } from "./setting.ts";
import { parseEntrance, parseHostNames } from "./values.ts";

/** The characters of a token. */
const SECRET = {
  expects: "printable characters without spaces",
  pattern: /^[!-~]*$/,
  secret: true,
} as const;

const FILE = { expects: "a path, or empty", pattern: /^[^\0]*$/ };

/** In the order in which the reference lists them. */
export const ADMIN_SETTINGS = {
  LB_ADMIN_TOKEN: text(
    "",
    "bearer token for changes; unset: the balancer generates one, needed only for calls that " +
      "run code",
    { ...SECRET, asFile: "LB_ADMIN_TOKEN_FILE" },
  ),
  LB_ADMIN_TOKEN_FILE: text("", "file with the token instead; read at each use", FILE),
  LB_READ_TOKEN: text("", "bearer token for reading calls; unset: reading needs no token", {
    ...SECRET,
    asFile: "LB_READ_TOKEN_FILE",
  }),
  LB_READ_TOKEN_FILE: text("", "file with the token instead; read at each use", FILE),
  LB_ADMIN_OPEN: choice(
    ["false", "true", "without-token"],
    "accept every call from any client that reaches the port; `without-token`: only calls " +
      "that run no code, and only while LB_ADMIN_TOKEN is not set",
  ),
  LB_ADMIN_LISTEN: {
    schema: parsed(parseEntrance),
    fallback: "",
    expects: "`host:port` (port 0 takes a free one), `unix:/path`, or empty",
    about: "separate port or Unix socket for the page and the API; empty: the public port " +
      "plus one on loopback, or a free port if that is taken; none with LB_PUBLIC_API=all",
  },
  LB_PUBLIC_API: choice(
    ["auto", "all", "basic", "none"],
    "calls on the public port: all, with the page; `/rep`, `/add` and `/rm` (`basic`, the " +
      "same as `auto`); or none",
  ),
  LB_ALLOWED_HOSTS: {
    schema: parsed(parseHostNames),
    fallback: "",
    expects: "host names, parted by commas",
    about: "host names, beside localhost and addresses, under which the API may be used " +
      "without a token",
    form: { kind: "list" },
  },
} satisfies Record<string, Setting<unknown>>;
