/**
 * How many files this process may have open.
 *
 * @module
 */

/**
 * Asks a shell, which needs no permission to read all of `/proc`: the shell inherits the limit of
 * this process, which Deno has raised as far as it goes.
 *
 * @returns 0 where it cannot be known: no shell may be run, as in the container, or there is no
 *   limit. The data plane learns it by itself then, when it is reached.
 */
export async function fileLimit(): Promise<number> {
  const { state } = await Deno.permissions.query({ name: "run", command: "sh" });
  if (state !== "granted") return 0;
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", "ulimit -n"],
    // Deno refuses to pass LD_PRELOAD on, and the shell needs nothing of the environment.
    clearEnv: true,
  }).output();
  const limit = Number(new TextDecoder().decode(stdout));
  return Number.isSafeInteger(limit) ? Math.min(limit, LARGEST) : 0;
}

/** What the counters of the data plane can hold. */
const LARGEST = 2 ** 31 - 1;
