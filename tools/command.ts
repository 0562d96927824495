/**
 * Programs that the tools run.
 *
 * @module
 */

/** What a finished program left behind. */
export interface Result {
  /** 0 is success. 127: there is no such program; 124: the time ran out. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to run a program. */
interface RunOptions {
  /** Longest time in milliseconds; then the program is killed and the code is 124. */
  readonly timeoutMs?: number;
  /** Environment variables on top of the tool's own. */
  readonly env?: Record<string, string>;
  /** Folder to run it in; the tool's own if not given. */
  readonly cwd?: URL;
}

/** Exit code for a program that is not there, as shells have it. */
export const NOT_FOUND = 127;
/** Exit code for a program that took too long, as timeout(1) has it. */
export const TIMED_OUT = 124;

/**
 * Runs a program and collects what it writes. Never throws because of the program: it answers
 * with a code.
 *
 * @param program name on the PATH
 * @param args its arguments
 */
export async function run(
  program: string,
  args: readonly string[],
  { timeoutMs, env = {}, cwd }: RunOptions = {},
): Promise<Result> {
  const signal = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
  const options: Deno.CommandOptions = { args: [...args], env, stdin: "null", ...(cwd && { cwd }) };
  if (signal) options.signal = signal;
  try {
    const output = await new Deno.Command(program, options).output();
    const [stdout, stderr] = [decode(output.stdout), decode(output.stderr)];
    const code = signal?.aborted && output.code !== 0 ? TIMED_OUT : output.code;
    return { code, stdout, stderr };
  } catch (error) {
    return missing(program, error);
  }
}

/**
 * Runs a program on the tool's own terminal.
 *
 * @param program name on the PATH
 * @param args its arguments
 * @returns its exit code
 */
export async function show(
  program: string,
  args: readonly string[],
  { env = {}, cwd }: RunOptions = {},
): Promise<number> {
  const options: Deno.CommandOptions = {
    args: [...args],
    env,
    stdin: "inherit",
    ...(cwd && { cwd }),
  };
  try {
    return (await new Deno.Command(program, options).spawn().status).code;
  } catch (error) {
    return missing(program, error).code;
  }
}

/** A program that `--allow-run` names counts as forbidden, not as missing, when it is missing. */
function missing(program: string, error: unknown): Result {
  const absent = error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable;
  if (!absent) throw error;
  return { code: NOT_FOUND, stdout: "", stderr: `${program}: not found` };
}

/**
 * The arguments for `sh` that run the Deno which runs this tool. By way of the shell because the
 * permission to run `deno` means the one on the PATH, which need not be this one.
 *
 * @param args arguments for Deno
 */
export function sameDeno(args: readonly string[]): string[] {
  return ["-c", 'exec "$0" "$@"', Deno.execPath(), ...args];
}

/** The last lines of a text. */
export function lastLines(text: string, count: number): string {
  return text.trimEnd().split("\n").slice(-count).join("\n");
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
