/**
 * A child process in a process group of its own that cannot outlive this process.
 *
 * The child holds the reading end of a pipe, its lifeline; this process holds the writing end. A
 * guard in the child's process group waits for the end of that pipe and then kills the group,
 * including itself. The kernel closes the writing end when this process ends in any way, including
 * SIGKILL.
 *
 * @module
 */
import type { FailureLog } from "../failures.ts";
import { ChildOutput } from "./child_output.ts";
import type { User } from "../settings/values.ts";
import { settledWithin } from "./deadline.ts";
import type { ReplicaLog } from "./replica_log.ts";

/**
 * The guard. A background job gets /dev/null as input, so the lifeline is descriptor 3. The outer
 * parentheses keep it from being a child of the service, which may wait for all its children. It
 * belongs to the group that it kills, so the group's id cannot belong to another group.
 *
 * `exec`: the service keeps the process id that the engine knows and signals.
 */
const SCRIPT = `
exec 3<&0
( ( exec </dev/null >/dev/null 2>&1; read -r _ <&3; kill -KILL 0 ) & )
exec "$@" 3<&- </dev/null
`;

/** The end of a command. */
interface End {
  /** Exit code or signal, as text. */
  readonly reason: string;
  /** The program does not exist. */
  readonly notFound: boolean;
}

/** A running command and all its descendants. */
export class ProcessGroup {
  readonly #child: Deno.ChildProcess;
  readonly #failures: FailureLog;
  #cut: Promise<void> | undefined;
  /** Resolves once the command itself has ended; never rejects. */
  readonly ended: Promise<End>;
  /** Output of the command and its descendants. It may end after the command. */
  readonly output: ChildOutput;

  /**
   * Starts a command with empty input.
   *
   * @param argv program and arguments
   * @param env its complete environment
   * @param log receives each line of its output
   * @param failures records failed background actions
   * @param user user of the process; this process's own by default
   * @throws {Error} the process could not be started
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
      // Deno refuses to start a process while LD_PRELOAD is set, unless the environment is cleared.
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

  /** Kills the command with SIGKILL; the guard then kills the rest of the group. */
  kill(): void {
    this.#signal("SIGKILL");
  }

  /**
   * Ends the group: SIGTERM to the command, SIGKILL to the group after the grace.
   *
   * @param graceMs time between the two, in milliseconds; 0 kills at once
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
      // A TypeError means that the command has ended already.
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
 * Reports whether a program can be found by name or path in its future environment. A shell looks
 * it up, because a lookup in PATH from here would need permission to read files and environment.
 *
 * @param program name or path
 * @param env its complete environment
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
