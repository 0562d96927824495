/**
 * Shells that a test types into, on a terminal that script(1) makes.
 *
 * @module
 */

const DEADLINE_MS = 180_000;

/** Whether a program is on the PATH. */
export async function isInstalled(program: string): Promise<boolean> {
  const { success } = await new Deno.Command("sh", { args: ["-c", 'command -v "$0"', program] })
    .output();
  return success;
}

/** The cache of this Deno, so that a program with another home folder fetches nothing. */
export async function denoDir(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).denoDir;
}

/** An interactive shell. */
export class TypedShell implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #keyboard: WritableStreamDefaultWriter<Uint8Array>;
  readonly #output: ReadableStreamDefaultReader<string>;
  #seen = "";

  /**
   * Starts a shell.
   *
   * @param command its command line
   * @param options its folder and its environment
   */
  constructor(command: string, options: Pick<Deno.CommandOptions, "cwd" | "env">) {
    this.#process = new Deno.Command("script", {
      ...options,
      args: ["-qefc", command, "/dev/null"],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#keyboard = this.#process.stdin.getWriter();
    this.#output = this.#process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /**
   * Types a text, and waits until the terminal shows an expected text.
   *
   * @param text the typed text
   * @param wanted the output to wait for
   * @returns the terminal's output since then
   */
  async type(text: string, wanted: string): Promise<string> {
    this.#seen = "";
    await this.#keyboard.write(new TextEncoder().encode(text));
    const late = Promise.withResolvers<never>();
    const fail = () => late.reject(new Error(`no "${wanted}" in ${JSON.stringify(this.#seen)}`));
    const timer = setTimeout(fail, DEADLINE_MS);
    try {
      while (!this.#seen.includes(wanted)) {
        const { value, done } = await Promise.race([this.#output.read(), late.promise]);
        if (done) return this.#seen;
        this.#seen += value;
      }
      return this.#seen;
    } finally {
      clearTimeout(timer);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#keyboard.close();
    this.#process.kill("SIGKILL");
    await this.#output.cancel();
    await this.#process.status;
  }
}
