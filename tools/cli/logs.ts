/**
 * `ringkeeper logs`: follows the balancer's log.
 *
 * @module
 */
import type { Command } from "commander";
import { logs } from "../up/logs.ts";
import { printUnlessClosed } from "../print.ts";
import { jsonLine } from "./log_json.ts";
import { type Manual, verb } from "./command.ts";

const MANUAL: Manual = {
  summary: "follow the log of the balancer",
  about: "Follows the log of the balancer that `ringkeeper up` started, or shows the end of " +
    "the last log where none runs.",
  examples: [
    ["logs", "the last 100 lines, then new lines, until ^C"],
    ["logs --json", "each line as a JSON object"],
  ],
};

interface Options {
  readonly json?: true;
}

/** The verb `logs`. */
export function logsCommand(): Command {
  return verb("logs", MANUAL)
    .option("--json", "lines that are JSON (LB_LOG_FORMAT=json) as they are, others as a message")
    .action(async ({ json }: Options) => Deno.exit(await (json ? logs(printJson) : logs())));
}

/** Runs a program, and prints each line of its standard output as a JSON object. */
async function printJson(program: string, args: readonly string[]): Promise<number> {
  const child = new Deno.Command(program, { args: [...args], stdin: "null", stdout: "piped" })
    .spawn();
  for await (const line of linesOf(child.stdout)) {
    if (printUnlessClosed(jsonLine(line))) continue;
    child.kill("SIGTERM");
    break;
  }
  return (await child.status).code;
}

async function* linesOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}
