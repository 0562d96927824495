/**
 * Who may look on, and who may change something.
 *
 * @module
 */
import { choice, parsed, type Setting, text } from "./setting.ts";
import { parseEntrance } from "./values.ts";

/** What tokens look like. */
const SECRET = {
  expects: "printable characters without spaces",
  pattern: /^[!-~]*$/,
  secret: true,
} as const;

const FILE = { expects: "a path, or empty", pattern: /^[^\0]*$/ };

/** In the order in which the reference lists them. */
export const ADMIN_SETTINGS = {
  LB_ADMIN_TOKEN: text("", "bearer token that mutating calls must carry", SECRET),
  LB_ADMIN_TOKEN_FILE: text("", "file that holds it instead; read anew on each use", FILE),
  LB_READ_TOKEN: text("", "bearer token that may look on and no more; unset: anyone may", SECRET),
  LB_READ_TOKEN_FILE: text("", "file that holds it instead; read anew on each use", FILE),
  LB_ADMIN_OPEN: choice(
    ["false", "true", "without-token"],
    "accept mutating calls from anyone who reaches the port; `without-token`: while no admin token " +
      "is set",
  ),
  LB_ADMIN_LISTEN: {
    schema: parsed(parseEntrance),
    fallback: "",
    expects: "`host:port` (port 0 takes a free one), `unix:/path`, or empty for the public port",
    about: "port or Unix socket of their own for the page and the API",
  },
  LB_PUBLIC_API: choice(
    ["auto", "all", "basic", "none"],
    "what the public port keeps for the balancer: everything, `/rep`, `/add` and `/rm` (basic), or " +
      "nothing; `auto` is all, and basic with LB_ADMIN_LISTEN",
  ),
} satisfies Record<string, Setting<unknown>>;
