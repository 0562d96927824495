import { assertEquals } from "@std/assert";
import { Argument, Command, Option } from "commander";
import { completedBy } from "./completion_sources.ts";
import { type Completions, completionsOf } from "./completions.ts";

function program(): Command {
  const rm = new Command("rm").summary("remove")
    .addArgument(completedBy(new Argument("[NAME...]"), () => Promise.resolve(["S1", "S2", "T1"])))
    .addOption(new Option("--layout <LAYOUT>").choices(["even", "ring"]))
    .addOption(completedBy(new Option("-f, --file <FILE>"), "files"))
    .option("--json", "as JSON");
  const one = new Command("shell").addArgument(new Argument("<SHELL>").choices(["bash", "zsh"]));
  const hidden = new Command("complete");
  return new Command("tool").addCommand(rm).addCommand(one).addCommand(hidden, { hidden: true });
}

async function values(...words: string[]): Promise<Completions | string[]> {
  const found = await completionsOf(program(), words);
  return found === "files" ? found : found.map(({ value }) => value);
}

Deno.test("completions: the first word is a verb or an option of the program, hidden verbs left out", async () => {
  assertEquals(await values(""), ["rm", "shell", "help", "--help"]);
  assertEquals(await values("r"), ["rm"]);
  assertEquals(await values("--h"), ["--help"]);
  assertEquals(await values("nothing", ""), []);
});

Deno.test("completions: of a verb its options, the values of options, and its arguments", async () => {
  assertEquals(await values("rm", "--"), ["--layout", "--file", "--json", "--help"]);
  assertEquals(await values("rm", "--layout", ""), ["even", "ring"]);
  assertEquals(await values("rm", "--layout", "e"), ["even"]);
  assertEquals(await values("rm", "-f", ""), "files");
  assertEquals(await values("shell", "b"), ["bash"]);
  assertEquals(await values("shell", "bash", ""), []);
});

Deno.test("completions: a repeatable argument is not offered values that are already present", async () => {
  assertEquals(await values("rm", ""), ["S1", "S2", "T1"]);
  assertEquals(await values("rm", "--layout", "even", "S1", "--json", "S"), ["S2"]);
});

Deno.test("completions: a value after an equals sign, as one word or parted as bash parts it", async () => {
  assertEquals(await values("rm", "--layout=r"), ["--layout=ring"]);
  assertEquals(await values("rm", "--layout", "="), ["even", "ring"]);
  assertEquals(await values("rm", "--layout", "=", "r"), ["ring"]);
});
