/**
 * `ringkeeper reload`: lists the changes that need no restart, because settings need one.
 *
 * @module
 */
import type { Command } from "commander";
import { ToolError } from "../tool.ts";
import { REFUSED } from "./api_errors.ts";
import { verb } from "./command.ts";

/** The verb `reload`, which people expect. */
export function reloadCommand(): Command {
  const about = "Settings cannot be reloaded in this version.";
  return verb("reload", { summary: "", about, examples: [] }).action(() => {
    throw new ToolError(
      "settings are read when the balancer starts, and this version cannot reload them: " +
        "`ringkeeper down` and `ringkeeper up` restart it. Without a restart change log, ring, " +
        "weights and upstreams: `ringkeeper log`, `ring`, `weigh`, `upstreams`",
      REFUSED,
    );
  });
}
