/**
 * Modules that import test files. Loading a file into an isolate of its own takes 0.4 s of CPU, more
 * than nearly all tests that need no permission; such tests do not disturb each other.
 *
 * @module
 */
import { ROOT } from "../project.ts";

/**
 * Writes a module that imports test files.
 *
 * @param path path of the module, which ends with `_test.ts`; not in .run/, whose files deno.json
 *   excludes
 * @param files the test files, from the project's root
 * @returns the path
 */
export async function writeImportModule(path: string, files: readonly string[]): Promise<string> {
  const lines = files.map((file) => `import "${new URL(file, ROOT)}";\n`);
  await Deno.writeTextFile(path, lines.join(""));
  return path;
}
