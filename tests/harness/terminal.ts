/**
 * The command line program, run as `deno task ringkeeper` runs it, with that task's permissions.
 *
 * @module
 */
import { denoArgs } from "../../tools/up/balancer_command.ts";
import { ROOT } from "../../tools/project.ts";

/** The result of a command. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that runs. */
interface RunningCommand {
  readonly process: Deno.ChildProcess;
  /** Its standard output, line by line. */
  readonly lines: AsyncIterator<string>;
}

const QUIET = Object.fromEntries(
  [
    "LB_ADMIN_LISTEN",
    "LB_ADMIN_TOKEN",
    "LB_ADMIN_TOKEN_FILE",
    "LB_FLEET",
    "LB_PORT",
    "LB_PUBLIC_API",
    "LB_STATE_FILE",
    "RINGKEEPER_URL",
  ].map((name) => [name, ""]),
);

/**
 * Runs a command to its end.
 *
 * @param url the balancer's address; not passed to the command where undefined
 * @param verb the verb
 * @param args its arguments
 * @param env more of the environment
 */
export async function terminal(
  url: string | undefined,
  verb: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Outcome> {
  const command = await commandOf(verb, args, { ...env, ...(url ? { RINGKEEPER_URL: url } : {}) });
  const { code, stdout, stderr } = await command.output();
  return { code, stdout: decode(stdout), stderr: decode(stderr) };
}

/** Starts a command that does not end by itself. */
export async function startTerminal(
  url: string,
  verb: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<RunningCommand> {
  const process = (await commandOf(verb, args, { ...env, RINGKEEPER_URL: url })).spawn();
  return { process, lines: linesOf(process.stdout) };
}

/** The words of a command line. */
export async function wordsOf(verb: string, args: readonly string[]): Promise<string[]> {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  return [Deno.execPath(), ...denoArgs(tasks.ringkeeper), verb, ...args];
}

/** A key, and the text on the screen after which it is pressed. */
interface KeyPress {
  readonly key: string;
  readonly after: string;
}

/**
 * Runs a command on a terminal of 80 columns that script(1) makes.
 *
 * @param words the words of the command line
 * @param press a key that is pressed once
 * @param env more of the environment
 * @returns its exit code and the terminal's output; at last, whether it reads lines and echoes
 */
export async function onTerminal(
  words: readonly string[],
  press?: KeyPress,
  env: Record<string, string> = {},
): Promise<{ readonly code: number; readonly screen: string }> {
  const quoted = words.map((word) => `'${word}'`).join(" ");
  const shell = `stty cols 80 rows 24; ${quoted}; code=$?; ` +
    "stty -a | grep -ow -e -icanon -e icanon -e -echo -e echo | tr '\\n' ' '; exit $code";
  const process = new Deno.Command("script", {
    args: ["-qefc", shell, "/dev/null"],
    cwd: ROOT,
    env: { ...QUIET, TERM: "xterm", ...env },
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const keyboard = process.stdin.getWriter();
  let screen = "";
  let waiting = press;
  for await (const text of process.stdout.pipeThrough(new TextDecoderStream())) {
    screen += text;
    if (!waiting || !screen.includes(waiting.after)) continue;
    await keyboard.write(new TextEncoder().encode(waiting.key));
    waiting = undefined;
  }
  await keyboard.close();
  return { code: (await process.status).code, screen };
}

/** The cells below a title, in a table that nothing but an empty line follows. */
export function columnOf(text: string, title: string): string[] {
  const lines = text.split("\n");
  const at = lines.findIndex((line) => line.split(/\s+/).includes(title));
  const cells = (line: string) => line.trim().split(/\s{2,}/);
  const column = cells(lines[at] ?? "").indexOf(title);
  const end = lines.indexOf("", at);
  return lines.slice(at + 1, end < 0 ? undefined : end).map((line) => cells(line)[column] ?? "");
}

async function commandOf(
  verb: string,
  args: readonly string[],
  env: Record<string, string>,
): Promise<Deno.Command> {
  const [program = "", ...words] = await wordsOf(verb, args);
  return new Deno.Command(program, {
    args: words,
    cwd: ROOT,
    env: { ...QUIET, ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decode(chunk)).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
