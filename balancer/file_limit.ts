/**
 * The limit on open files of this process.
 *
 * @module
 */

/**
 * Asks a shell, because reading `/proc` directly would need permission for all of it. The shell
 * inherits this process's limit, which Deno has raised to the maximum.
 *
 * @returns 0 if the limit is unknown: no shell may be run, as in the container, or there is no
 *   limit. The data plane then finds the limit when it is reached.
 */
export async function fileLimit(): Promise<number> {
  const { state } = await Deno.permissions.query({ name: "run", command: "sh" });
  if (state !== "granted") return 0;
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", "ulimit -n"],
    // Deno refuses to pass LD_PRELOAD on, and the shell needs no environment.
    clearEnv: true,
  }).output();
  const limit = Number(new TextDecoder().decode(stdout));
  return Number.isSafeInteger(limit) ? Math.min(limit, LARGEST) : 0;
}

/** The largest value that the data plane's counters can hold. */
const LARGEST = 2 ** 31 - 1;
