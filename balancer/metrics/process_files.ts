/**
 * Open descriptors and virtual memory of this process, as the kernel counts them.
 *
 * Deno reads `/proc/self` only with `--allow-all`. A shell reads it with the permission that engine
 * process needs anyway (`--allow-run=sh`): one shell, started by the first scrape, that reports
 * once for each line on its standard input. Starting a process for each scrape would be slower, and
 * Deno panics when it starts a process while descriptors are exhausted.
 *
 * @module
 */
import type { FailureLog } from "../failures.ts";

/** One report. A number that the system does not report is missing. */
export interface ProcessFiles {
  /** Open descriptors. */
  readonly openFds?: number;
  /** Descriptors that the process may have open (`RLIMIT_NOFILE`). */
  readonly maxFds?: number;
  /** Bytes of address space. */
  readonly virtualBytes?: number;
}

/** Milliseconds that a scrape waits for the shell. */
const WAIT_MS = 2000;

/**
 * Builtins of a POSIX shell alone. The glob is literal where there is no `/proc`. Field 23 of
 * `/proc/PID/stat` is the address space in bytes (proc(5)); the name in field 2 may hold spaces, so
 * fields count from its closing parenthesis. Ctrl-C reaches the shell, too, and must not end it
 * before the balancer.
 */
const SCRIPT = `trap '' INT TERM HUP
while read -r go; do
  set -- /proc/$PPID/fd/*
  if [ -e "$1" ] || [ -h "$1" ]; then fds=$#; else fds=-; fi
  size=-
  if IFS= read -r stat 2>/dev/null < /proc/$PPID/stat; then
    set -- \${stat##*)}
    shift 20
    size=$1
  fi
  printf '%s %s ' "$fds" "$size"
  ulimit -n
done`;

/** Queries one shell, which the first query starts. */
export class ProcessFileReader implements AsyncDisposable {
  readonly #failures: FailureLog;
  #shell: Promise<Shell | undefined> | undefined;
  /** The pending query: concurrent scrapes share its result. */
  #asked: Promise<ProcessFiles> | undefined;

  /** @param failures logs and counts failed queries */
  constructor(failures: FailureLog) {
    this.#failures = failures;
  }

  /** The present numbers; empty if no shell may be run, as in the container. */
  read(): Promise<ProcessFiles> {
    return this.#asked ??= this.#read().finally(() => this.#asked = undefined);
  }

  async #read(): Promise<ProcessFiles> {
    try {
      const shell = await (this.#shell ??= startShell());
      return shell ? filesOf(await shell.ask(WAIT_MS)) : {};
    } catch (error) {
      this.#failures.record("metrics.process", error);
      await this[Symbol.asyncDispose]();
      return {};
    }
  }

  /** Ends the shell; a later query starts another one. */
  async [Symbol.asyncDispose](): Promise<void> {
    const shell = this.#shell;
    this.#shell = undefined;
    await (await shell?.catch(() => undefined))?.end();
  }
}

/** A shell that answers each line with a line. */
class Shell {
  readonly #process: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #output: ReadableStreamDefaultReader<string>;

  constructor(process: Deno.ChildProcess) {
    this.#process = process;
    this.#input = process.stdin.getWriter();
    this.#output = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /**
   * Sends one query.
   *
   * @param ms deadline of the answer, in milliseconds
   * @returns the line, with its end
   * @throws {Error} the shell ended, or did not answer in time
   */
  async ask(ms: number): Promise<string> {
    const late = setTimeout(() => this.#kill(), ms);
    try {
      await this.#input.write(new Uint8Array([10]));
      let line = "";
      while (!line.endsWith("\n")) {
        const { value, done } = await this.#output.read();
        if (done) throw new Error("the shell that reads /proc ended, or took longer than 2 s");
        line += value;
      }
      return line;
    } finally {
      clearTimeout(late);
    }
  }

  /** Ends the shell: its input is closed, and a shell that keeps running is killed. */
  async end(): Promise<void> {
    const late = setTimeout(() => this.#kill(), WAIT_MS);
    // The pipe may be broken already; then the shell has ended.
    await Promise.allSettled([this.#input.close(), this.#output.cancel(), this.#process.status]);
    clearTimeout(late);
  }

  #kill(): void {
    try {
      this.#process.kill("SIGKILL");
    } catch (error) {
      // The shell ended by itself meanwhile.
      if (!(error instanceof TypeError)) throw error;
    }
  }
}

async function startShell(): Promise<Shell | undefined> {
  const { state } = await Deno.permissions.query({ name: "run", command: "sh" });
  if (state !== "granted") return undefined;
  const command = new Deno.Command("sh", {
    args: ["-c", SCRIPT],
    // Deno refuses to pass LD_PRELOAD on, and the shell needs no environment.
    clearEnv: true,
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  });
  const process = command.spawn();
  process.unref();
  return new Shell(process);
}

function filesOf(line: string): ProcessFiles {
  const [openFds, virtualBytes, maxFds] = line.trim().split(" ").map(numberOf);
  return {
    ...(openFds === undefined ? {} : { openFds }),
    ...(maxFds === undefined ? {} : { maxFds }),
    ...(virtualBytes === undefined ? {} : { virtualBytes }),
  };
}

/** `-` and `unlimited` are not numbers. */
function numberOf(text: string): number | undefined {
  return /^\d+$/.test(text) ? Number(text) : undefined;
}
