/**
 * Describes a container's state for people: how it ended, why its health check fails (Docker Engine
 * API v1.40, `State` of `GET /containers/{id}/json`).
 *
 * @module
 */

import { escapeLateControls } from "../log/style.ts";

/** The fields of `State` that are used. */
export interface ContainerState {
  readonly Running: boolean;
  readonly Status?: string;
  readonly ExitCode: number;
  readonly OOMKilled?: boolean;
  readonly Error: string;
  readonly StartedAt: string;
  /** Absent without a HEALTHCHECK. */
  readonly Health?: {
    readonly Status: string;
    readonly FailingStreak: number;
    readonly Log: readonly { readonly ExitCode: number; readonly Output: string }[] | null;
  } | undefined;
}

/** Names of signals; an exit code of 128 + n means signal n. */
const SIGNALS: Readonly<Record<number, string>> = {
  129: "SIGHUP",
  130: "SIGINT",
  131: "SIGQUIT",
  132: "SIGILL",
  134: "SIGABRT",
  135: "SIGBUS",
  136: "SIGFPE",
  137: "killed",
  139: "SIGSEGV",
  143: "SIGTERM",
};

/** Number of characters of a health check's output that are shown. */
const SHOWN = 120;

/**
 * Describes an exit code.
 *
 * @param code the exit code
 * @param outOfMemory the kernel killed a process of the container because memory ran out
 */
export function exitReason(code: number | string, outOfMemory: boolean): string {
  const note = outOfMemory ? "out of memory" : SIGNALS[Number(code)];
  return note === undefined ? `exit code ${code}` : `exit code ${code} (${note})`;
}

/**
 * Describes how a container ended.
 *
 * @returns undefined while it runs, or if it was never started
 */
export function endingOf({ Running, Status, ExitCode, OOMKilled, Error }: ContainerState):
  | string
  | undefined {
  if (Running || Status === "created") return undefined;
  const reason = exitReason(ExitCode, OOMKilled === true);
  return escapeLateControls(`${reason} ${Error}`.trim());
}

/**
 * Describes why the health check of a container's image fails.
 *
 * @returns undefined if it passes, or there is none
 */
export function unhealthyOf({ Health }: ContainerState): string | undefined {
  // A paused container is reported as unhealthy although no check failed.
  if (Health?.Status !== "unhealthy" || Health.FailingStreak === 0) return undefined;
  const last = Health.Log?.at(-1);
  const output = last?.Output.replace(/\s+/g, " ").trim().slice(0, SHOWN);
  const failed = `HEALTHCHECK failed ${Health.FailingStreak} times in a row`;
  if (!last) return failed;
  return escapeLateControls(
    `${failed}: exit code ${last.ExitCode}${output ? `: ${output}` : ""}`,
  );
}
