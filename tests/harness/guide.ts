/**
 * The commands of documents: blocks of shell commands that are marked `sh run`, with the output that
 * they show.
 *
 * @module
 */
import type { Balancer } from "./balancer.ts";

/** A command and the output that the document shows below it, as JSON text. */
interface ShownCommand {
  readonly command: string;
  readonly shown: readonly string[];
}

/** The result of a command. */
interface RunResult extends ShownCommand {
  readonly output: string;
}

const ROOT = new URL("../../", import.meta.url);

const DEADLINE_MS = 600_000;

/** Separates the outputs of commands. */
const MARK = "\x1e";

/**
 * Returns the blocks of a document that can be run.
 *
 * @param text the document, as Markdown
 */
export function runnableBlocks(text: string): string[] {
  return [...text.matchAll(/^```sh run\n([^]*?)^```$/gm)].map(([, block = ""]) => block);
}

/** Returns the commands of a block, in order. */
export function commandsOf(block: string): ShownCommand[] {
  const commands: { command: string; shown: string[] }[] = [];
  for (const line of block.replaceAll("\\\n", " ").split("\n")) {
    const shown = /^# (\{.*\})$/.exec(line)?.[1];
    if (shown) commands.at(-1)?.shown.push(shown);
    else if (line.trim() && !line.startsWith("#")) commands.push({ command: line, shown: [] });
  }
  return commands;
}

/**
 * Runs the commands of a block in one shell.
 *
 * @param commands the commands
 * @param balancer the balancer that stands for the one at localhost:5000
 * @throws {Error} a command failed, or the block takes longer than ten minutes
 */
export async function runCommands(
  commands: readonly ShownCommand[],
  balancer: Balancer,
): Promise<RunResult[]> {
  const home = await Deno.makeTempDir({ prefix: "ringkeeper-guide-" });
  try {
    await Deno.writeTextFile(`${home}/.curlrc`, "fail-with-body\n");
    const script = commands.map(({ command }) => `printf '\\036'\n${command}\n`).join("");
    const { code, stdout, stderr } = await new Deno.Command("sh", {
      args: ["-euc", at(script, balancer)],
      cwd: ROOT,
      env: { CURL_HOME: home, NO_COLOR: "1", RINGKEEPER_URL: balancer.own },
      stdin: "null",
      signal: AbortSignal.timeout(DEADLINE_MS),
    }).output();
    const outputs = new TextDecoder().decode(stdout).split(MARK).slice(1);
    if (code !== 0) {
      const failed = commands[outputs.length - 1]?.command;
      const said = `${outputs.at(-1)}\n${new TextDecoder().decode(stderr)}`;
      throw new Error(`exit code ${code} of: ${failed}\n${said}`);
    }
    return commands.map((one, at) => ({ ...one, output: outputs[at] ?? "" }));
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

function at(script: string, balancer: Balancer): string {
  return script.replaceAll("localhost:5000", new URL(balancer.url).host)
    .replaceAll("localhost:5001", new URL(balancer.own).host);
}

/**
 * Returns the fields of a value that the shown value has, without numbers: ports, times and shares
 * differ each time.
 *
 * @param value the value of a command's output
 * @param shown the value in the document
 */
export function comparable(value: unknown, shown: unknown): unknown {
  if (typeof value === "number") return "a number";
  if (typeof value === "string") return value.replace(/\d+/g, "#");
  if (Array.isArray(value)) {
    const items = Array.isArray(shown) ? shown : [];
    return value.map((item, at) => comparable(item, items[at]));
  }
  if (typeof value !== "object" || value === null) return value;
  const names = Object.keys(typeof shown === "object" && shown !== null ? shown : {});
  return Object.fromEntries(names.map((name) => [
    name,
    comparable(Reflect.get(value, name), Reflect.get(Object(shown), name)),
  ]));
}
