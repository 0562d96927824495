/**
 * Runs other programs.
 *
 * @module
 */

/** The result of a finished program. */
export interface Result {
  /** 0 is success. 127: the program does not exist; 124: the deadline passed. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Options of a run. */
interface RunOptions {
  /** Deadline in milliseconds; after that the program is killed and the code is 124. */
  readonly timeoutMs?: number;
  /** Environment variables on top of the tool's own. */
  readonly env?: Record<string, string>;
  /** Folder to run it in; the tool's own if not given. */
  readonly cwd?: URL;
}

/** Exit code for a missing program, as in shells. */
export const NOT_FOUND = 127;
/** Exit code for a timeout, as in timeout(1). */
export const TIMED_OUT = 124;

/**
 * Runs a program and collects its output. Never throws because of the program: the result is an
 * exit code.
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

/** A missing program named by `--allow-run` is reported as forbidden, not as missing. */
function missing(program: string, error: unknown): Result {
  const absent = error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable;
  if (!absent) throw error;
  return { code: NOT_FOUND, stdout: "", stderr: `${program}: not found` };
}

/**
 * Returns the arguments for `sh` that run the same Deno as this tool. The shell is needed because
 * the permission to run `deno` refers to the one on the PATH, which may be another.
 *
 * @param args arguments for Deno
 */
export function sameDeno(args: readonly string[]): string[] {
  return ["-c", 'exec "$0" "$@"', Deno.execPath(), ...args];
}

/** Returns the last lines of a text. */
export function lastLines(text: string, count: number): string {
  return text.trimEnd().split("\n").slice(-count).join("\n");
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
