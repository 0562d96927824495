/**
 * `deno task build:page`: makes balancer/page/dist/ out of balancer/page/client/. The result is
 * committed, so that a balancer needs no bundler; a test builds it again and compares.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { run, sameDeno } from "./command.ts";
import { say } from "./print.ts";
import { ROOT, RUN_DIR } from "./project.ts";
import { runTool, ToolError } from "./tool.ts";

const CLIENT = new URL("balancer/page/client/", ROOT);
/** Where the built files are kept. */
export const DIST: URL = new URL("balancer/page/dist/", ROOT);

/**
 * Builds the page.
 *
 * @returns its files by name: index.html, and the script and the style sheet that it names, each
 * with a part of its digest in its name
 * @throws {ToolError} with what the bundler says
 */
export async function buildPage(): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const bundled = await bundle();
  const html = await Deno.readTextFile(new URL("index.html", CLIENT));
  const [script, style] = [named("js", bundled.script), named("css", bundled.style)];
  const page = html.replace("{{script}}", script).replace("{{style}}", style);
  return new Map([
    ["index.html", new TextEncoder().encode(page)],
    [script, bundled.script],
    [style, bundled.style],
  ]);
}

function named(ending: string, bytes: Uint8Array): string {
  return `app-${createHash("sha256").update(bytes).digest("hex").slice(0, 8)}.${ending}`;
}

/** The versions of what is bundled are those of the client's own deno.lock. */
async function bundle(): Promise<Record<"script" | "style", Uint8Array<ArrayBuffer>>> {
  await Deno.mkdir(RUN_DIR, { recursive: true });
  const folder = await Deno.makeTempDir({ dir: RUN_DIR.pathname, prefix: "page-" });
  try {
    const options = ["--quiet", "--frozen", "--minify", "--platform=browser"];
    const config = `--config=${new URL("deno.json", CLIENT).pathname}`;
    const entry = new URL("main.tsx", CLIENT).pathname;
    const args = ["bundle", ...options, config, `--outdir=${folder}`, entry];
    const result = await run("sh", sameDeno(args));
    if (result.code !== 0) throw new ToolError(`deno bundle failed:\n${result.stderr.trim()}`);
    return {
      script: await Deno.readFile(`${folder}/main.js`),
      style: await Deno.readFile(`${folder}/main.css`),
    };
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
    say(`balancer/page/dist/${name}: ${bytes.length} bytes`);
  }
}

if (import.meta.main) await runTool(write);
