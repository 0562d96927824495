/**
 * Settings of the log.
 *
 * @module
 */
import { LEVELS, parseAccessLogging } from "../log/log_controls.ts";
import { choice, parsed, type Setting } from "./setting.ts";

/** In the order in which the reference lists them. */
export const LOG_SETTINGS = {
  LB_ACCESS_LOG: {
    schema: parsed(parseAccessLogging),
    fallback: "off",
    expects: "`off`, `full`, or the part of the requests, above 0 and below 1: `0.01`",
    about: "share of the requests in the access log; with a share below 1 every failed " +
      "request is logged in addition",
    form: { kind: "number", min: 0, max: 1, fraction: true, words: ["off", "full"] },
  },
  LB_ACCESS_LOG_FORMAT: choice(
    ["auto", "json", "text", "combined"],
    "`auto`: as LB_LOG_FORMAT; `combined`: Apache's, with query, Referer and User-Agent, which may " +
      "hold secrets",
  ),
  LB_LOG_LEVEL: choice(LEVELS, "least severe level that is logged"),
  LB_LOG_FORMAT: choice(
    ["auto", "json", "text"],
    "`auto`: text on a terminal, JSON lines elsewhere",
  ),
} satisfies Record<string, Setting<unknown>>;
