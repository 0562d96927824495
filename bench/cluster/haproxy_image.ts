/**
 * An image of the HAProxy that is installed on this machine, for machines without a registry.
 *
 * @module
 */
import { run } from "../../tools/command.ts";
import { parseLdd } from "../../tools/docker/stand_in.ts";
import { RUN_DIR } from "../../tools/project.ts";
import { ToolError } from "../../tools/tool.ts";
import { docker } from "../harness/docker.ts";
import { isThere, Missing } from "../harness/machine.ts";

/** Name of the image. */
export const HAPROXY_IMAGE = "ringkeeper-bench-haproxy";

/** The program and its libraries at their own paths, and nothing else, as a layer. */
const ARCHIVE = 'tar -c -h -f "$0" -C / "$@"';

/**
 * Makes the image.
 *
 * @throws {Missing} HAProxy is not installed
 */
export async function makeHaproxyImage(): Promise<void> {
  if (!await isThere("haproxy")) throw new Missing("not installed: apt-get install haproxy");
  const path = (await shell("command -v haproxy")).trim();
  const files = [path, ...parseLdd(await shell('ldd "$0"', path))];
  const folder = await Deno.makeTempDir({ dir: RUN_DIR.pathname, prefix: "haproxy-" });
  try {
    const archive = `${folder}/root.tar`;
    await shell(ARCHIVE, archive, ...files.map((file) => file.slice(1)));
    await docker("import", "--change", `ENTRYPOINT ["${path}"]`, archive, HAPROXY_IMAGE);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function shell(script: string, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run("sh", ["-c", script, ...args]);
  if (code === 0) return stdout;
  throw new ToolError(`the image of HAProxy cannot be made: ${stderr.trim()}`);
}
