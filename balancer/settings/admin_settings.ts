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
    "bearer token that changes must carry; unset: the balancer makes one for what runs code",
    { ...SECRET, asFile: "LB_ADMIN_TOKEN_FILE" },
  ),
  LB_ADMIN_TOKEN_FILE: text("", "file that holds the token instead; read at each use", FILE),
  LB_READ_TOKEN: text("", "bearer token that may look on and no more; unset: anyone may", {
    ...SECRET,
    asFile: "LB_READ_TOKEN_FILE",
  }),
  LB_READ_TOKEN_FILE: text("", "file that holds the token instead; read at each use", FILE),
  LB_ADMIN_OPEN: choice(
    ["false", "true", "without-token"],
    "accept every call from any client that reaches the port; `without-token`: those that run no " +
      "code, while LB_ADMIN_TOKEN is not set",
  ),
  LB_ADMIN_LISTEN: {
    schema: parsed(parseEntrance),
    fallback: "",
    expects: "`host:port` (port 0 takes a free one), `unix:/path`, or empty",
    about: "port or Unix socket of their own for the page and the API; empty: on loopback the " +
      "public port plus one, a free one where that is taken, and none with LB_PUBLIC_API=all",
  },
  LB_PUBLIC_API: choice(
    ["auto", "all", "basic", "none"],
    "calls on the public port: all with the page, `/rep`, `/add` and `/rm` (basic, which is auto), " +
      "or none",
  ),
  LB_ALLOWED_HOSTS: {
    schema: parsed(parseHostNames),
    fallback: "",
    expects: "host names, parted by commas",
    about: "names beside localhost and addresses under which the API is used without a token",
    form: { kind: "list" },
  },
} satisfies Record<string, Setting<unknown>>;
