/**
 * The gate that the settings ask for.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";
import type { Config } from "../config.ts";
import type { FailureLog } from "../failures.ts";
import { Audit } from "./audit.ts";
import { FailureLimit } from "./failure_limit.ts";
import { Gate } from "./gate.ts";
import { Guard } from "./guard.ts";
import { Tokens, type TokenSource } from "./tokens.ts";

/**
 * Makes the gate.
 *
 * @param config the configuration
 * @param log the program's root logger
 * @param failures told when files of tokens can be read no longer
 * @throws {TokenError} a token cannot be had
 */
export async function openGate(config: Config, log: Logger, failures: FailureLog): Promise<Gate> {
  const [admin, read] = [sourceOf(config, "LB_ADMIN_TOKEN"), sourceOf(config, "LB_READ_TOKEN")];
  const tokens = await Tokens.open({ admin, read }, failures);
  const open = isOpen(config, tokens);
  if (open && tokens.admin) log.warn("LB_ADMIN_OPEN=true: nobody is asked for LB_ADMIN_TOKEN");
  return new Gate({
    guard: new Guard({ open, tokens }, new FailureLimit()),
    audit: new Audit(log.getChild("audit")),
    now: () => performance.now(),
  });
}

function isOpen({ LB_ADMIN_OPEN }: Config, tokens: Tokens): boolean {
  return LB_ADMIN_OPEN === "true" || (LB_ADMIN_OPEN === "without-token" && !tokens.admin);
}

function sourceOf(config: Config, setting: "LB_ADMIN_TOKEN" | "LB_READ_TOKEN"): TokenSource {
  return { setting, text: config[setting], file: config[`${setting}_FILE`] };
}
