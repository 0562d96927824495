import { assert, assertEquals } from "@std/assert";
import { CALLS } from "../../balancer/control/endpoints/table.ts";
import { SETTING_GROUPS } from "../../balancer/settings/settings.ts";
import { SCHEMA_FILE, schemaText } from "../../tools/docs/config_schema.ts";
import * as mentions from "../../tools/docs/mentions.ts";
import { METRICS_PAGE, metricsPage } from "../../tools/docs/metrics_page.ts";
import { SETTINGS_PAGE, settingsPage } from "../../tools/docs/settings_table.ts";
import { systemTest as test, whenPermitted } from "../../tools/test/needs.ts";

const { COMMAND_LINE_PAGE, commandLinePage } = await whenPermitted(() =>
  import("../../tools/docs/command_line.ts")
);

const { program } = await whenPermitted(() => import("../../tools/cli/program.ts"));

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

test("every setting that the documents name exists", async () => {
  const names = new Set(Object.values(SETTING_GROUPS).flatMap((group) => Object.keys(group)));
  assertEquals(await unknown((text) => mentions.settingsIn(text), names), []);
});

test("every verb of the command line that the documents name exists, and its options", async () => {
  const verbs = new Map(program().commands.map((verb) => [verb.name(), verb]));
  const faults = await inDocuments((text) =>
    mentions.verbsIn(text).flatMap(({ verb, options }) => {
      const known = verbs.get(verb)?.options.map(({ long }) => long);
      if (!known) return [`ringkeeper ${verb}`];
      return options.filter((option) => option !== "--help" && !known.includes(option))
        .map((option) => `ringkeeper ${verb} ${option}`);
    })
  );
  assertEquals(faults, []);
});

test("every call that the documents name exists", async () => {
  const calls = CALLS.map(({ method, path }) => ({
    method,
    path: new RegExp(`^${path.replace(/:\w+/g, "[^/]+")}/?$`),
  }));
  const faults = await inDocuments((text) =>
    mentions.callsIn(text)
      .filter((named) =>
        !calls.some(({ method, path }) =>
          path.test(named.path) && (named.method ?? method) === method
        )
      )
      .map(({ method = "", path }) => `${method} ${path}`)
  );
  assertEquals(faults, []);
});

test("every task, target of make and metric that the documents name exists", async () => {
  const { tasks } = JSON.parse(await read("deno.json"));
  const targets = [...(await read("Makefile")).matchAll(/^([a-z]+):/gm)].map(([, name = ""]) =>
    name
  );
  const metrics = [...(await read("docs/reference/metrics.md")).matchAll(/ringkeeper_[a-z_]+/g)]
    .flatMap(([name]) => [name, ...["bucket", "sum", "count"].map((part) => `${name}_${part}`)]);
  assertEquals(await unknown(mentions.tasksIn, new Set(Object.keys(tasks))), []);
  assertEquals(await unknown(mentions.targetsIn, new Set(targets)), []);
  assertEquals(await unknown(mentions.metricsIn, new Set(metrics)), []);
});

test("the files of the request's path in docs/architecture.md exist", async () => {
  const [, block = ""] = /^## A request\n[^]*?^```\n([^]*?)^```/m
    .exec(await read("docs/architecture.md")) ?? [];
  const files = [...block.matchAll(/[a-z_]+\/[a-z_0-9]+\.ts/g)].map(([path]) => path);
  assert(files.length > 10, `${files.length} files`);
  for (const path of files) assert(await read(`balancer/proxy/${path}`), path);
});

/** Names in the documents that are not in a set, each as `page: name`. */
function unknown(named: (text: string) => string[], known: ReadonlySet<string>): Promise<string[]> {
  return inDocuments((text) => named(text).filter((name) => !known.has(name)));
}

/** The findings of a check in the documents for users, each as `page: finding`. */
async function inDocuments(check: (text: string) => string[]): Promise<string[]> {
  const paths = (await pages()).filter((page) =>
    !/^docs\/(?:bench|decisions|experiments|reference)|CHANGELOG/.test(page)
  );
  const found = await Promise.all(
    paths.map(async (page) => check(await read(page)).map((finding) => `${page}: ${finding}`)),
  );
  return found.flat();
}

test("everything that the pages link to is there", async () => {
  for (const page of await pages()) {
    const links = (await read(page)).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g);
    for (const [, target = "", fragment] of links) {
      const url = new URL(
        target || page.split("/").at(-1)!,
        new URL(`../../${page}`, import.meta.url),
      );
      assert(await Deno.stat(url), `${page} links to ${target}`);
      if (!fragment || !url.pathname.endsWith(".md")) continue;
      const anchors = anchorsOf(await Deno.readTextFile(url));
      assert(anchors.includes(fragment), `${page} links to ${target}#${fragment}`);
    }
  }
});

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) =>
    title.toLowerCase().replace(/[^\w\- ]/g, "").replaceAll(" ", "-")
  );
}

/** The README and everything below docs/ that is written by hand or generated as text. */
async function pages(folder = "docs"): Promise<string[]> {
  const found = folder === "docs"
    ? ["README.md", "CHANGELOG.md", "SECURITY.md", "CONTRIBUTING.md"]
    : [];
  for await (
    const { name, isDirectory } of Deno.readDir(new URL(`../../${folder}`, import.meta.url))
  ) {
    if (isDirectory) found.push(...await pages(`${folder}/${name}`));
    else if (name.endsWith(".md")) found.push(`${folder}/${name}`);
  }
  return found;
}

test("docs/README.md links to every guide", async () => {
  const index = await read("docs/README.md");
  const guides = (await pages("docs/guide")).map((page) => page.replace("docs/", ""));
  assertEquals(guides.filter((guide) => !index.includes(`(${guide})`)), []);
});

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
