/**
 * Counts tests from the JUnit reports that `deno test` writes.
 *
 * @module
 */

/** The number of passed, failed and ignored tests. Steps count as tests. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly ignored: number;
}

/** The counts of a run without tests. */
export const NO_TESTS: TestCounts = { passed: 0, failed: 0, ignored: 0 };

/**
 * Counts one run.
 *
 * @param report the JUnit report; empty if the run wrote none, as after a type error
 * @param code exit code of the run: a failed run without a failed test counts as one failure
 */
export function countTests(report: string, code: number): TestCounts {
  let [tests, failed, ignored] = [0, 0, 0];
  for (const [suite] of report.matchAll(/<testsuite [^>]*>/g)) {
    tests += count(suite, "tests");
    failed += count(suite, "failures") + count(suite, "errors");
    ignored += count(suite, "disabled");
  }
  return { passed: tests - failed - ignored, failed: code === 0 ? failed : failed || 1, ignored };
}

function count(suite: string, attribute: string): number {
  return Number(new RegExp(` ${attribute}="(\\d+)"`).exec(suite)?.[1] ?? 0);
}

/** Returns the lines of the output that name a failed test and its place. */
export function failedTests(output: string): string[] {
  const [, listed = ""] = output.split("\n FAILURES \n");
  return listed.match(/^.+ => .+:\d+:\d+$|^.+ \(uncaught error\)$/gm) ?? [];
}

/** Returns the failures that the runner lists at its end, or those of its only batch. */
export function listedFailures(output: string): string[] {
  const [, listed] = output.split("\nfailed:\n");
  return listed === undefined ? failedTests(output) : listed.split("\n\n")[0]?.split("\n") ?? [];
}

/**
 * Counts in how many runs a failure was, the most frequent first.
 *
 * @param runs the failures of each run
 */
export function runsOfFailures(runs: readonly (readonly string[])[]): [string, runs: number][] {
  const counts = new Map<string, number>();
  for (const failure of runs.flatMap((failures) => [...new Set(failures)])) {
    counts.set(failure, (counts.get(failure) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a);
}

/** The sum of two runs. */
export function plus(a: TestCounts, b: TestCounts): TestCounts {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    ignored: a.ignored + b.ignored,
  };
}
