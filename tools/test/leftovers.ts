/**
 * Finds files and processes that tests leave behind: each batch has a folder of its own for
 * temporary files, and all processes that it starts have that folder in their environment.
 *
 * @module
 */
import { run } from "../command.ts";
import { ROOT } from "../project.ts";

/** Time for the processes of a batch to end after it, in milliseconds. */
const END_MS = 10_000;

/** Longest time between two looks, in milliseconds. */
const LOOK_MS = 200;

/** Prints the id and the command line of each process with a line `$0` in its environment. */
const PROCESSES = `grep -lszFx "$0" /proc/[0-9]*/environ | while read -r file; do
  pid=\${file#/proc/} pid=\${pid%/environ}
  state=$(sed -n 's/^State:[[:space:]]*//p' "/proc/$pid/status" 2>/dev/null)
  case $state in ''|Z*|X*) continue ;; esac
  printf '%s %s\\n' "$pid" "$(tr '\\0' ' ' 2>/dev/null <"/proc/$pid/cmdline")"
done`;

/** A folder for the temporary files of one batch. */
export class BatchFolder {
  private constructor(readonly path: string) {}

  /**
   * Makes the folder in /tmp, where the balancer may write. Its name is short, because paths of
   * sockets and of Podman's state are bounded.
   */
  static async make(): Promise<BatchFolder> {
    const path = `/tmp/rk-${crypto.randomUUID().slice(0, 8)}`;
    await Deno.mkdir(path, { mode: 0o700 });
    return new BatchFolder(path);
  }

  /** Environment of the batch. */
  get env(): Record<string, string> {
    return { TMPDIR: this.path };
  }

  /**
   * Removes the folder if it is empty.
   *
   * @param endMs time for processes to end, in milliseconds
   * @returns a line for each file and process that was left
   */
  async leftovers(endMs = END_MS): Promise<string[]> {
    const processes = await this.#processes(Date.now() + endMs);
    const files: string[] = [];
    for await (const { name } of Deno.readDir(this.path)) files.push(`${this.path}/${name}`);
    if (files.length === 0) await Deno.remove(this.path);
    return [...processes.map((line) => `process ${line}`), ...files];
  }

  async #processes(deadline: number): Promise<string[]> {
    for (;;) {
      const { stdout } = await run("sh", ["-c", PROCESSES, `TMPDIR=${this.path}`], { cwd: ROOT });
      const lines = stdout.split("\n").filter((line) => line !== "");
      if (lines.length === 0 || Date.now() >= deadline) return lines;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }
}
