import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { expandCommand } from "./command.ts";

const ENV = { HOST: "127.0.0.1", PORT: "18000", TEXT: "two words; $PORT *" };

const WORDS: readonly [title: string, template: string, words: string[]][] = [
  [
    "variables are filled in",
    "python3 -m http.server $PORT --bind ${HOST}",
    ["python3", "-m", "http.server", "18000", "--bind", "127.0.0.1"],
  ],
  ["a variable may stand inside a word", "serve http://$HOST:$PORT/", [
    "serve",
    "http://127.0.0.1:18000/",
  ]],
  ["a value is never split or read again", 'echo $TEXT "$TEXT"', ["echo", ENV.TEXT, ENV.TEXT]],
  ["single quotes keep a variable as it is", "sh -c 'exec serve $PORT | cat'", [
    "sh",
    "-c",
    "exec serve $PORT | cat",
  ]],
  ["double quotes join words", 'echo "a b" c\\ d', ["echo", "a b", "c d"]],
  ["an empty argument stays", "echo '' \"\"", ["echo", "", ""]],
  ["a lone dollar is a dollar", "echo $ 5", ["echo", "$", "5"]],
  ["file name patterns are text", "serve *.html a?b", ["serve", "*.html", "a?b"]],
  ["line breaks separate words", "serve\n  --port\t$PORT\n", ["serve", "--port", "18000"]],
];

for (const [title, template, words] of WORDS) {
  Deno.test(`command: ${title}`, () => assertEquals(expandCommand(template, ENV), words));
}

const FAULTS: readonly [title: string, template: string, message: string][] = [
  ["a pipe", "serve | tee log", `has "|", but it is run by no shell`],
  ["a redirection", "serve > log", `has ">"`],
  ["a background job", "serve &", `has "&"`],
  ["a list", "cd x && serve", `has "&&"`],
  ["a substitution", "serve $(id)", `has "("`],
  ["a comment", "serve # now", `has "#"`],
  ["nothing", "", "is empty"],
  ["blanks", "  \n ", "is empty"],
  ["an empty program", "'' x", "is empty"],
  ["an open single quote", "echo 'abc", "has a quote"],
  ["an open double quote", 'echo "abc', "has a quote"],
  ["a backslash at the end", "echo abc\\", "has a quote or a backslash"],
  ["an open brace", "echo ${PORT", "Bad substitution"],
  ["an unknown variable", "serve $PROT", "names $PROT, which is not one of HOST, PORT, TEXT"],
  ["a variable of the language", "serve $constructor", "names $constructor"],
];

for (const [title, template, message] of FAULTS) {
  Deno.test(`command: ${title} is refused with a reason`, () => {
    assertThrows(() => expandCommand(template, ENV), Error, message);
  });
}

Deno.test("command: any words survive single quotes", () => {
  const word = fc.string({ maxLength: 20 }).filter((text) => !text.includes("'"));
  fc.assert(fc.property(fc.array(word), (args) => {
    const template = ["run", ...args.map((arg) => `'${arg}'`)].join(" ");
    assertEquals(expandCommand(template, ENV), ["run", ...args]);
  }));
});
