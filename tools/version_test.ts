import { assert, assertEquals, assertMatch } from "@std/assert";
import { VERSION } from "../balancer/version.ts";
import { systemTest as test } from "./test/needs.ts";
import { ROOT } from "./project.ts";

const read = (path: string) => Deno.readTextFile(new URL(path, ROOT));

Deno.test("version: deno.json has a semantic version", () => {
  assertMatch(VERSION, /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/);
});

test("version: the images and the package ring have the version of deno.json", async () => {
  for (const path of ["Dockerfile.balancer", "Dockerfile.replica"]) {
    assertEquals(/^ARG VERSION=(.*)$/m.exec(await read(path))?.[1], VERSION, path);
  }
  assertEquals(JSON.parse(await read("ring/jsr.json")).version, VERSION, "ring/jsr.json");
});

/** A released version has a date; the next one has none yet. */
const RELEASE = /^## \[(\d+\.\d+\.\d+\S*)\] - (\d{4}-\d\d-\d\d|not released)$/;

test("changelog: the newest section is the version of deno.json, older ones have dates", async () => {
  const headings = (await read("CHANGELOG.md")).match(/^## .*$/gm) ?? [];
  const releases = headings.map((heading) => RELEASE.exec(heading) ?? [heading]);
  assertEquals(releases[0]?.[1], VERSION);
  for (const [heading, version, date] of releases) {
    assert(version !== undefined, `"${heading}" must be "## [VERSION] - YYYY-MM-DD"`);
    assert(version === VERSION || date !== "not released", `${heading}: the date is missing`);
  }
});

test("changelog: entries stand under Added, Changed or Fixed, and each stands there once", async () => {
  const [, ...sections] = (await read("CHANGELOG.md")).split(/^## .*$/m);
  for (const section of sections) {
    const [before = "", ...parts] = section.split(/^(?=### )/m);
    assertEquals(before.match(/^- /gm), null, "entries before the first heading");
    const headings = parts.map((part) => part.slice(4, part.indexOf("\n")));
    assertEquals(headings, ["Added", "Changed", "Fixed"].filter((name) => headings.includes(name)));
    const entries = section.split(/^(?=- |### )/m).filter((text) => text.startsWith("- "));
    assertEquals(entries.filter((entry, index) => entries.indexOf(entry) !== index), []);
  }
});
