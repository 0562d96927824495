/**
 * A child process in a group of its own that cannot outlive this process.
 *
 * The child holds the reading end of a pipe, its lifeline; this process holds the writing end. A
 * guard in the child's process group waits for the end of that pipe and then kills the group, the
 * guard included. The kernel closes our end however this process ends, kill -9 too.
 *
 * @module
 */
import type { FailureLog } from "../failures.ts";
import { ChildOutput } from "./child_output.ts";
import type { User } from "../settings/values.ts";
import { settledWithin } from "./deadline.ts";
import type { ReplicaLog } from "./replica_log.ts";

/**
 * The guard: a job in the background gets /dev/null for its input, hence the descriptor 3. The
 * outer parentheses make it no child of the service, which may wait for all of its children. It
 * belongs to the group that it kills, so the group's id cannot have been given to another.
 *
 * `exec`: the service has the very process id that the engine knows and signals.
 */
const SCRIPT = `
exec 3<&0
( ( exec </dev/null >/dev/null 2>&1; read -r _ <&3; kill -KILL 0 ) & )
exec "$@" 3<&- </dev/null
`;

/** How a command ended. */
export interface End {
  /** In words. */
  readonly reason: string;
  /** There was no such program. */
  readonly notFound: boolean;
}

/** A running command and whatever it started. */
export class ProcessGroup {
  readonly #child: Deno.ChildProcess;
  readonly #failures: FailureLog;
  #cut: Promise<void> | undefined;
  /** Resolves once the command itself ended; never rejects. */
  readonly ended: Promise<End>;
  /** What the command and whatever it started write. It may end a moment after the command. */
  readonly output: ChildOutput;

  /**
   * Starts a command. Its input is empty.
   *
   * @param argv program and arguments
   * @param env its whole environment
   * @param log takes each line of its output
   * @param failures told what goes wrong behind the scenes
   * @param user the user that it runs as; this process's own where none is given
   * @throws when no process can be started
   */
  constructor(
    argv: readonly string[],
    env: Record<string, string>,
    log: ReplicaLog,
    failures: FailureLog,
    user?: User,
  ) {
    this.#failures = failures;
    this.#child = new Deno.Command("sh", {
      args: ["-c", SCRIPT, "sh", ...argv],
      // Deno starts nothing with LD_PRELOAD in its environment, unless it is left out for the child.
      clearEnv: true,
      env,
      ...user,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      detached: true,
    }).spawn();
    this.output = new ChildOutput(this.#child, log, failures);
    this.ended = this.#waitForEnd(argv[0] ?? "");
  }

  /** Process id of the command, and of its group. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Kills the command from behind; the rest of the group goes with it, as after any other death. */
  kill(): void {
    this.#signal("SIGKILL");
  }

  /**
   * Ends the group: SIGTERM to the command, SIGKILL to all that is left after the grace.
   *
   * @param graceMs milliseconds between the two; 0 kills at once
   */
  async end(graceMs: number): Promise<void> {
    if (graceMs > 0) {
      this.#signal("SIGTERM");
      await settledWithin(this.ended, graceMs);
    }
    this.#signal("SIGKILL");
    await this.#cutLifeline();
    await this.ended;
  }

  async #waitForEnd(program: string): Promise<End> {
    const status = await this.#child.status;
    await this.#cutLifeline();
    return { reason: reasonOf(status, program), notFound: status.code === 127 };
  }

  #signal(signal: Deno.Signal): void {
    try {
      this.#child.kill(signal);
    } catch (error) {
      // A TypeError says that it has ended already, which is what the signal was for.
      if (!(error instanceof TypeError)) this.#failures.record("process.signal", error);
    }
  }

  #cutLifeline(): Promise<void> {
    this.#cut ??= this.#child.stdin.close().catch((error) =>
      this.#failures.record("process.lifeline", error)
    );
    return this.#cut;
  }
}

function reasonOf({ code, signal }: Deno.CommandStatus, program: string): string {
  if (signal) return `signal ${signal}`;
  if (code === 127) return `exit code 127 (command not found: ${program})`;
  if (code === 126) return `exit code 126 (not executable: ${program})`;
  return `exit code ${code}`;
}

/**
 * Whether a program can be found by name or path in the environment that it would get. It is the
 * shell that looks, because looking in PATH from here would need leave to read environment and
 * files.
 *
 * @param program name or path
 * @param env its whole environment
 */
export async function programExists(
  program: string,
  env: Record<string, string>,
): Promise<boolean> {
  const { success } = await new Deno.Command("sh", {
    args: ["-c", 'command -v -- "$1"', "sh", program],
    clearEnv: true,
    env,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).output();
  return success;
}
