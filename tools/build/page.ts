/**
 * `deno task build:page`: builds balancer/page/dist/ from balancer/page/client/. The result is
 * committed, so that a balancer needs no bundler; a test builds it again and compares.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { run, sameDeno } from "../command.ts";
import { print } from "../print.ts";
import { ROOT, RUN_DIR } from "../project.ts";
import { runTool, ToolError } from "../tool.ts";

const CLIENT = new URL("balancer/page/client/", ROOT);
/** The folder of the built files. */
export const DIST: URL = new URL("balancer/page/dist/", ROOT);

/** The sources of a page. */
interface PageSource {
  /** The base name of its files. */
  readonly name: string;
  readonly html: string;
  /** The entry point of the bundler. */
  readonly entry: string;
}

const PAGES: readonly PageSource[] = [
  { name: "app", html: "index.html", entry: "main.tsx" },
  { name: "docs", html: "docs.html", entry: "docs_try.ts" },
];

/**
 * Builds the pages.
 *
 * @returns the files by name: HTML, and the script and the style sheet that it names, each with
 *   a part of its digest in its name
 * @throws {ToolError} with the bundler's message
 */
export async function buildPage(): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const { name, html, entry } of PAGES) {
    let page = await Deno.readTextFile(new URL(html, CLIENT));
    for (const [ending, bytes] of await bundle(entry)) {
      const file = `${name}-${digest(bytes)}.${ending}`;
      files.set(file, bytes);
      page = page.replace(ending === "js" ? "{{script}}" : "{{style}}", file);
    }
    files.set(html, new TextEncoder().encode(page));
  }
  return files;
}

function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex").slice(0, 8);
}

/** By file extension. The versions of bundled packages are those of the client's own deno.lock. */
async function bundle(entry: string): Promise<[ending: string, Uint8Array<ArrayBuffer>][]> {
  await Deno.mkdir(RUN_DIR, { recursive: true });
  const folder = await Deno.makeTempDir({ dir: RUN_DIR.pathname, prefix: "page-" });
  try {
    const options = ["--quiet", "--frozen", "--minify", "--platform=browser"];
    const config = `--config=${new URL("deno.json", CLIENT).pathname}`;
    const path = new URL(entry, CLIENT).pathname;
    const args = ["bundle", ...options, config, `--outdir=${folder}`, path];
    const result = await run("sh", sameDeno(args));
    if (result.code !== 0) throw new ToolError(`deno bundle failed:\n${result.stderr.trim()}`);
    const made = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    return await Promise.all(made.map(async (name): Promise<[string, Uint8Array<ArrayBuffer>]> => [
      name.split(".").at(-1) ?? "",
      await Deno.readFile(`${folder}/${name}`),
    ]));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function write(): Promise<void> {
  const files = await buildPage();
  await Deno.mkdir(DIST, { recursive: true });
  for await (const { name } of Deno.readDir(DIST)) {
    if (!files.has(name)) await Deno.remove(new URL(name, DIST));
  }
  for (const [name, bytes] of files) {
    await Deno.writeFile(new URL(name, DIST), bytes);
    print(`balancer/page/dist/${name}: ${bytes.length} bytes`);
  }
}

if (import.meta.main) await runTool(write);
