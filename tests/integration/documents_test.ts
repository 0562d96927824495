import { assert, assertEquals } from "@std/assert";
import { SETTING_GROUPS } from "../../balancer/settings/settings.ts";
import { SCHEMA_FILE, schemaText } from "../../tools/docs/config_schema.ts";
import { METRICS_PAGE, metricsPage } from "../../tools/docs/metrics_page.ts";
import { SETTINGS_PAGE, settingsPage } from "../../tools/docs/settings_table.ts";
import { systemTest as test, whenPermitted } from "../../tools/test/needs.ts";

const { COMMAND_LINE_PAGE, commandLinePage } = await whenPermitted(() =>
  import("../../tools/docs/command_line.ts")
);

function read(path: string): Promise<string> {
  return Deno.readTextFile(new URL(`../../${path}`, import.meta.url));
}

test("docs/reference/settings.md lists the settings of the code (deno task settings)", async () => {
  assertEquals(await Deno.readTextFile(SETTINGS_PAGE), settingsPage());
});

test("docs/reference/metrics.md lists the metrics of the code (deno task settings)", async () => {
  assertEquals(await Deno.readTextFile(METRICS_PAGE), metricsPage());
});

test("docs/reference/ringkeeper.schema.json is the schema of the code (deno task settings)", async () => {
  assertEquals(await Deno.readTextFile(SCHEMA_FILE), schemaText());
});

test("docs/reference/command-line.md describes the commands of the code (deno task command-line)", async () => {
  assertEquals(await Deno.readTextFile(COMMAND_LINE_PAGE), commandLinePage());
});

test("every setting that the security guide names exists", async () => {
  const names = new Set(Object.values(SETTING_GROUPS).flatMap((group) => Object.keys(group)));
  const named = [...(await read("docs/guide/security.md")).matchAll(/`(LB_[A-Z_]+)/g)];
  assertEquals(named.map(([, name = ""]) => name).filter((name) => !names.has(name)), []);
});

test("everything that the pages link to is there", async () => {
  for (const page of await pages()) {
    const links = (await read(page)).matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g);
    for (const [, target] of links) {
      const found = await Deno.stat(
        new URL(target ?? "", new URL(`../../${page}`, import.meta.url)),
      );
      assert(found, `${page} links to ${target}`);
    }
  }
});

/** The README and everything below docs/ that is written by hand or generated as text. */
async function pages(folder = "docs"): Promise<string[]> {
  const found = folder === "docs" ? ["README.md", "CHANGELOG.md", "SECURITY.md"] : [];
  for await (
    const { name, isDirectory } of Deno.readDir(new URL(`../../${folder}`, import.meta.url))
  ) {
    if (isDirectory) found.push(...await pages(`${folder}/${name}`));
    else if (name.endsWith(".md")) found.push(`${folder}/${name}`);
  }
  return found;
}

test("the README is short: 8 KB at most", async () => {
  const size = new TextEncoder().encode(await read("README.md")).length;
  assert(size <= 8192, `README.md has ${size} bytes`);
});

test("no table cell of the README is wider than 60 characters", async () => {
  const rows = (await read("README.md")).split("\n").filter((line) => line.startsWith("|"));
  const wide = rows.flatMap((row) => row.split("|")).filter((cell) => cell.trim().length > 60);
  assertEquals(wide, []);
});

test("a decision takes 40 lines at most", async () => {
  for await (const { name } of Deno.readDir(new URL("../../docs/decisions", import.meta.url))) {
    const lines = (await read(`docs/decisions/${name}`)).split("\n").length - 1;
    assert(lines <= 40, `${name} has ${lines}`);
  }
});
