import { assertEquals } from "@std/assert";
import { ROOT } from "./project.ts";
import { systemTest as test } from "./test/needs.ts";

/** Words that announce a sentence without a subject or a technical noun. */
const MARKERS =
  /\b(?:whoever|whomever|nobody|anew|so-manieth|(?:so many|so much)(?! that)|(?:is|are|was|were) (?:told|wanted))\b/i;

/**
 * A clause whose subject is "what" or "who", at the start of a comment, a list item or a heading, or
 * behind a colon or a semicolon. A question is none.
 */
const CLAUSE = /(?:^(?:[-*#|]+ )?(?:\*\*)?(?:What|Who)|[.:;] (?:What|Who|what|who)) (?![^.:;]*\?)/;

const FOLDERS = ["balancer", "bench", "docs", "replica", "ring", "std", "tests", "tools"];

/** Not written by hand. */
const LEFT_OUT = /(?:\/page\/dist\/|words_test\.ts$)/;

const COMMENT = /^\s*(?:\/\*\*|\*|\/\/)|\s\/\/\s/;

test("comments and documents contain none of the marker words", async () => {
  assertEquals(await lines((text) => MARKERS.test(text)), []);
});

test("no clause of comments and documents has 'what' or 'who' as its subject", async () => {
  assertEquals(await lines((text) => CLAUSE.test(text.trim())), []);
});

/** Lines of comments and documents that match, as `file:line: text`. */
async function lines(matches: (text: string) => boolean): Promise<string[]> {
  const found: string[] = [];
  for await (const path of files()) {
    const lines = (await Deno.readTextFile(new URL(path, ROOT))).split("\n");
    lines.forEach((line, at) => {
      const text = path.endsWith(".md") ? line : commentOf(line);
      if (matches(text)) found.push(`${path}:${at + 1}: ${line.trim()}`);
    });
  }
  return found;
}

/** The text of a comment in a source line; empty without one. */
function commentOf(line: string): string {
  const at = line.search(COMMENT);
  return at < 0 ? "" : line.slice(at).replace(/^[\s/*]+/, "");
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
