/**
 * `deno task check:exports`: refuses exports that no other file imports.
 *
 * @module
 */
import { print } from "../print.ts";
import { ROOT, rootPath } from "../project.ts";
import { runTool, ToolError } from "../tool.ts";
import { deadExports, type Export, type SourceFile } from "./check.ts";
import { PUBLIC } from "./public.ts";

const FOLDERS = ["balancer/", "bench/", "replica/", "ring/", "std/", "tests/", "tools/"];

async function main(): Promise<void> {
  const imports = await importMap();
  const resolve = (from: string, specifier: string) => {
    if (/^\.{1,2}\//.test(specifier)) return rootPath(new URL(specifier, new URL(from, ROOT)));
    return imports[specifier]?.replace(/^\.\//, "");
  };
  const files = (await Promise.all(FOLDERS.map((folder) => read(new URL(folder, ROOT))))).flat();
  const isIn = (places: readonly string[]) => ({ path }: Export) =>
    places.some((place) => path.startsWith(place));
  const dead = deadExports(files, resolve).filter((one) => !isIn(PUBLIC)(one));
  const faults = dead.map(({ path, line, name }) =>
    `${path}:${line}: ${name} is exported, but no other file imports it`
  );
  if (faults.length > 0) throw new ToolError(`exports:\n  ${faults.join("\n  ")}`);
  print(`exports: ${files.length} files export only names that are imported`);
}

async function importMap(): Promise<Readonly<Record<string, string>>> {
  return JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT))).imports;
}

async function read(folder: URL): Promise<SourceFile[]> {
  const files: SourceFile[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const url = new URL(name + (isDirectory ? "/" : ""), folder);
    if (isDirectory) files.push(...await read(url));
    else if (/(?<!\.d)\.tsx?$/.test(name)) {
      files.push({ path: rootPath(url), text: await Deno.readTextFile(url) });
    }
  }
  return files;
}

if (import.meta.main) await runTool(main);
