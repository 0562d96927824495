/**
 * The imports of files, as Deno resolves them: import map, re-exports and dynamic imports included.
 *
 * @module
 */
import { run, sameDeno } from "../command.ts";
import type { Import, Source } from "./check.ts";
import { ROOT, rootPath, RUN_DIR } from "../project.ts";
import { ToolError } from "../tool.ts";

/** The fields of `deno info --json` that this tool reads. */
interface ModuleGraph {
  readonly modules: readonly GraphModule[];
}

interface GraphModule {
  readonly specifier: string;
  readonly error?: string;
  readonly dependencies?: readonly Dependency[];
}

interface Dependency {
  readonly specifier: string;
  readonly code?: Resolution;
  readonly type?: Resolution;
}

interface Resolution {
  readonly specifier?: string;
  readonly error?: string;
  readonly span: { readonly start: { readonly line: number } };
}

/**
 * Reads files and resolves their imports.
 *
 * @param paths paths from the project's root
 */
export async function readSources(paths: readonly string[]): Promise<Source[]> {
  const graph = await moduleGraph(paths);
  const imports = new Map(graph.modules.map((module) => [module.specifier, importsOf(module)]));
  return await Promise.all(paths.map(async (path) => {
    const url = new URL(path, ROOT);
    return { path, text: await Deno.readTextFile(url), imports: imports.get(url.href) ?? [] };
  }));
}

/**
 * One call for all files: `deno info` takes one entry point, so the entry point imports all files.
 */
async function moduleGraph(paths: readonly string[]): Promise<ModuleGraph> {
  await Deno.mkdir(RUN_DIR, { recursive: true });
  const entry = new URL(`layers-${crypto.randomUUID()}.ts`, RUN_DIR);
  try {
    await Deno.writeTextFile(entry, paths.map((path) => `import "../${path}";\n`).join(""));
    const result = await run("sh", sameDeno(["info", "--json", entry.pathname]));
    if (result.code !== 0) throw new ToolError(`deno info failed: ${result.stderr.trim()}`);
    return JSON.parse(result.stdout);
  } finally {
    await Deno.remove(entry);
  }
}

/**
 * Returns the imports of one module of the graph.
 *
 * @param module a module in the form of `deno info --json`
 */
export function importsOf({ dependencies = [] }: GraphModule): Import[] {
  return dependencies.map((dependency) => {
    const resolution = dependency.code ?? dependency.type;
    return {
      line: (resolution?.span.start.line ?? 0) + 1,
      target: targetOf(resolution?.specifier ?? dependency.specifier),
      typeOnly: dependency.code === undefined,
    };
  });
}

function targetOf(specifier: string): string {
  return specifier.startsWith(ROOT.href) ? rootPath(new URL(specifier)) : specifier;
}
