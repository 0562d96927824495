import { assert, assertEquals } from "@std/assert";
import { settingsTable } from "../tools/settings_table.ts";

function read(path: string): Promise<string> {
  return Deno.readTextFile(new URL(`../${path}`, import.meta.url));
}

Deno.test("the README's table of settings is that of the code (deno task settings prints it)", async () => {
  const section = (await read("README.md")).split(/^## /m).find((s) => s.startsWith("Settings"));
  const rows = section?.match(/^\|.*$/gm) ?? [];
  assertEquals(rows.map(squeeze), settingsTable().split("\n").map(squeeze));
});

/** A table's row without the padding that the formatter puts in. */
function squeeze(row: string): string {
  return row.replace(/ +/g, " ").replace(/-{3,}/g, "---");
}

Deno.test("everything that the pages link to is there", async () => {
  for (const page of ["README.md", "CHANGELOG.md", "docs/architecture.md"]) {
    const links = (await read(page)).matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g);
    for (const [, target] of links) {
      const found = await Deno.stat(new URL(target ?? "", new URL(`../${page}`, import.meta.url)));
      assert(found, `${page} links to ${target}`);
    }
  }
});

Deno.test("a decision takes 40 lines at most", async () => {
  for await (const { name } of Deno.readDir(new URL("../docs/decisions", import.meta.url))) {
    const lines = (await read(`docs/decisions/${name}`)).split("\n").length - 1;
    assert(lines <= 40, `${name} has ${lines}`);
  }
});
