import { assertEquals } from "@std/assert";
import { deadExports } from "./check.ts";

/** Files by path; imports are of `./name.ts`. */
function dead(files: Readonly<Record<string, string>>): string[] {
  const sources = Object.entries(files).map(([path, text]) => ({ path, text }));
  const found = deadExports(sources, (_from, specifier) => specifier.replace("./", ""));
  return found.map(({ path, line, name }) => `${path}:${line} ${name}`);
}

Deno.test("an export that no other file imports is dead, of any kind", () => {
  const text = [
    "export const a = 1;",
    "export async function b() {}",
    "export abstract class C {}",
    "export interface D {}",
    "export type E = D;",
    "const f = a;",
  ];
  const names = ["1 a", "2 b", "3 C", "4 D", "5 E"];
  assertEquals(dead({ "one.ts": text.join("\n") }), names.map((name) => `one.ts:${name}`));
});

Deno.test("an export is alive by an import, a type import, an import under another name", () => {
  const files = {
    "one.ts": "export const a = 1;\nexport type B = 1;\nexport const c = 1;\n",
    "two.ts":
      'import { a, type B as X } from "./one.ts";\nimport {\n  c as y,\n} from "./one.ts";\n',
  };
  assertEquals(dead(files), []);
});

Deno.test("a file that is imported as a whole has no dead exports", () => {
  for (const text of ['import * as one from "./one.ts";', 'await import("./one.ts");']) {
    assertEquals(dead({ "one.ts": "export const a = 1;", "two.ts": text }), []);
  }
});

Deno.test("a re-export is dead if no file imports it", () => {
  const files = {
    "one.ts": "export const a = 1;\nexport const b = 1;",
    "two.ts": 'export { a, b as c } from "./one.ts";',
    "three.ts": 'import { a } from "./two.ts";',
  };
  assertEquals(dead(files), ["two.ts:1 c"]);
});
