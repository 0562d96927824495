/**
 * `deno task check:layers`: holds every source file to the table of layers.
 *
 * @module
 */
import { readSources } from "./imports.ts";
import { isExempt, violationsOf } from "./layer_check.ts";
import { say } from "./print.ts";
import { ROOT, rootPath } from "./project.ts";
import { runTool, ToolError } from "./tool.ts";

const FOLDERS = ["ring/", "replica/", "balancer/"];

/** Runs in browsers, has an import map of its own, and nothing of the balancer imports it. */
const BROWSER = new URL("balancer/page/client/", ROOT);

async function layers(): Promise<void> {
  const paths: string[] = [];
  for (const folder of FOLDERS) await collect(new URL(folder, ROOT), paths);
  const sources = await readSources(paths.sort());
  const violations = sources.flatMap(violationsOf);
  if (violations.length > 0) {
    const table = "the table of who may import whom is tools/layer_table.ts";
    throw new ToolError(`layers:\n  ${violations.join("\n  ")}\n${table}`);
  }
  say(`layers: ${sources.length} files keep to the table`);
}

async function collect(folder: URL, paths: string[]): Promise<void> {
  for await (const entry of Deno.readDir(folder)) {
    const url = new URL(entry.name + (entry.isDirectory ? "/" : ""), folder);
    if (url.href === BROWSER.href) continue;
    if (entry.isDirectory) await collect(url, paths);
    else if (/(?<!\.d)\.ts$/.test(entry.name) && !isExempt(rootPath(url))) {
      paths.push(rootPath(url));
    }
  }
}

if (import.meta.main) await runTool(layers);
