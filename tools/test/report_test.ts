import { assertEquals } from "@std/assert";
import { countTests, failedTests, listedFailures, plus, runsOfFailures } from "./report.ts";

const REPORT = `<testsuites name="deno test" tests="8" failures="1" errors="0" time="0.0">
<testsuite name="./a_test.ts" tests="5" disabled="1" errors="0" failures="1">
<testcase name="tests=&quot;99&quot;" classname="./a_test.ts"></testcase>
</testsuite>
<testsuite name="./b_test.ts" tests="3" disabled="0" errors="0" failures="0"></testsuite>
</testsuites>`;

Deno.test("test report: suites are summed, ignored tests neither pass nor fail", () => {
  assertEquals(countTests(REPORT, 1), { passed: 6, failed: 1, ignored: 1 });
});

Deno.test("test report: a run that fails without a failed test counts as one failure", () => {
  assertEquals(countTests("", 1), { passed: 0, failed: 1, ignored: 0 });
  assertEquals(countTests("", 0), { passed: 0, failed: 0, ignored: 0 });
});

Deno.test("test report: runs add up", () => {
  const one = { passed: 1, failed: 2, ignored: 3 };
  assertEquals(plus(one, one), { passed: 2, failed: 4, ignored: 6 });
});

Deno.test("test report: the failed tests of an output are named with their places", () => {
  const place = "a fails => ./a_test.ts:1:6";
  const output = `running 1 test from ./a_test.ts\n\n ERRORS \n\n${place}\nerror: no\n\n` +
    ` FAILURES \n\n${place}\n./b_test.ts (uncaught error)\n\nFAILED | 0 passed | 2 failed (1s)\n`;
  assertEquals(failedTests(output), [place, "./b_test.ts (uncaught error)"]);
  assertEquals(failedTests("ok | 1 passed | 0 failed (1s)\n"), []);
});

Deno.test("test report: the failures of a run are those that the runner lists", () => {
  const place = "a fails => ./a_test.ts:1:6";
  assertEquals(listedFailures(`... ok\n\nfailed:\n${place}\nleft by b: c\n\n1 passed\n`), [
    place,
    "left by b: c",
  ]);
  assertEquals(listedFailures(`\n FAILURES \n\n${place}\n\nFAILED | 0 passed\n`), [place]);
  assertEquals(listedFailures("3 passed, 0 failed\n"), []);
});

Deno.test("test report: a failure counts once a run, and the most frequent is the first", () => {
  assertEquals(runsOfFailures([["a"], [], ["b", "b", "a"], ["c", "a"]]), [
    ["a", 3],
    ["b", 1],
    ["c", 1],
  ]);
  assertEquals(runsOfFailures([[], []]), []);
});
