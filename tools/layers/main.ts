/**
 * `deno task check:layers`: checks every source file against the table of layers, and its length.
 *
 * @module
 */
import { readSources } from "./imports.ts";
import { isExempt, violationsOf } from "./check.ts";
import { folderViolations } from "./folders.ts";
import { CHECKED_FOLDERS, lengthViolations } from "./lengths.ts";
import { print } from "../print.ts";
import { ROOT, rootPath } from "../project.ts";
import { runTool, ToolError } from "../tool.ts";

const FOLDERS = ["ring/", "replica/", "balancer/"];
const BLACK_BOX = ["tests/blackbox/", "tests/harness/"];

/**
 * The page's client runs in browsers and has its own import map; the balancer imports none of it.
 */
const BROWSER = new URL("balancer/page/client/", ROOT);

async function layers(): Promise<void> {
  const paths: string[] = [];
  for (const folder of FOLDERS) await collect(new URL(folder, ROOT), paths);
  const sources = await readSources(paths.sort());
  const violations = [
    ...sources.flatMap(violationsOf),
    ...folderViolations(sources),
    ...(await blackBoxViolations()),
    ...lengthViolations(await readFiles(CHECKED_FOLDERS)),
  ];
  if (violations.length > 0) {
    const table = "tools/layers/table.ts lists the allowed imports";
    throw new ToolError(`layers:\n  ${violations.join("\n  ")}\n${table}`);
  }
  print(`layers: ${sources.length} files keep to the table`);
}

/** All source files of folders, the page's client included. */
async function readFiles(folders: readonly string[]): Promise<{ path: string; text: string }[]> {
  const paths: string[] = [];
  for (const folder of folders) await collect(new URL(folder, ROOT), paths, () => true, true);
  const read = (path: string) => Deno.readTextFile(new URL(path, ROOT));
  return await Promise.all(paths.map(async (path) => ({ path, text: await read(path) })));
}

/** Black-box tests use the product only from outside, as its users do. */
async function blackBoxViolations(): Promise<string[]> {
  const paths: string[] = [];
  for (const folder of BLACK_BOX) await collect(new URL(folder, ROOT), paths, () => true);
  return (await readSources(paths.sort())).flatMap(({ path, imports }) =>
    imports.filter(({ target }) => target.startsWith("balancer/"))
      .map(({ target, line }) => `${path}:${line}: a black-box test may not import ${target}`)
  );
}

async function collect(
  folder: URL,
  paths: string[],
  wanted: (path: string) => boolean = (path) => !isExempt(path),
  browser = false,
): Promise<void> {
  for await (const entry of Deno.readDir(folder)) {
    const url = new URL(entry.name + (entry.isDirectory ? "/" : ""), folder);
    if (url.href === BROWSER.href && !browser) continue;
    if (entry.isDirectory) await collect(url, paths, wanted, browser);
    else if (/(?<!\.d)\.ts$/.test(entry.name) && wanted(rootPath(url))) {
      paths.push(rootPath(url));
    }
  }
}

if (import.meta.main) await runTool(layers);
