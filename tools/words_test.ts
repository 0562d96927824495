import { assertEquals } from "@std/assert";
import { ROOT } from "./project.ts";
import { systemTest as test } from "./test/needs.ts";

/** Words that announce a sentence without a subject or a technical noun. */
const MARKERS =
  /\b(?:whoever|whomever|nobody|anew|so-manieth|(?:so many|so much)(?! that)|(?:is|are|was|were) (?:told|wanted))\b/i;

const FOLDERS = ["balancer", "bench", "docs", "replica", "ring", "std", "tests", "tools"];

/** Not written by hand, or a record of its time. */
const LEFT_OUT = /(?:^docs\/decisions\/|\/page\/dist\/|words_test\.ts$)/;

const COMMENT = /^\s*(?:\/\*\*|\*|\/\/)|\s\/\/\s/;

test("comments and documents contain none of the marker words", async () => {
  const found: string[] = [];
  for await (const path of files()) {
    const lines = (await Deno.readTextFile(new URL(path, ROOT))).split("\n");
    lines.forEach((line, at) => {
      const text = path.endsWith(".md") ? line : commentOf(line);
      if (MARKERS.test(text)) found.push(`${path}:${at + 1}: ${line.trim()}`);
    });
  }
  assertEquals(found, []);
});

/** The part of a source line that is a comment; empty without one. */
function commentOf(line: string): string {
  const at = line.search(COMMENT);
  return at < 0 ? "" : line.slice(at);
}

async function* files(): AsyncGenerator<string> {
  for (const page of ["README.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md"]) yield page;
  for (const folder of FOLDERS) {
    for await (const path of filesIn(folder)) {
      if (/\.(?:ts|tsx|md)$/.test(path) && !LEFT_OUT.test(path)) yield path;
    }
  }
}

async function* filesIn(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, ROOT))) {
    if (isDirectory) yield* filesIn(`${folder}/${name}`);
    else yield `${folder}/${name}`;
  }
}
