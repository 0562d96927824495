import { assertEquals } from "@std/assert";
import { cpuBetween, parseUsage } from "./usage.ts";

const STAT = "S 1 1 1 0 -1 4194560 0 0 0 0 7 3 0 0 20 0 2 0 100";

Deno.test("threads, processes and memory of a program are summed", () => {
  const usage = parseUsage(`thread 10/10 500
thread 10/11 40
process 10 ${STAT}
memory HWM    2000 kB
memory RSS    1000 kB
thread 20/20 5
process 20 ${STAT}
memory HWM    200 kB
memory RSS    100 kB
core cpu 1 2 3 400 500 4 5 6 70 80
`);
  assertEquals([...usage.threads], [["10/10", 500], ["10/11", 40], ["20/20", 5]]);
  assertEquals([...usage.processes], [["10", 1e8], ["20", 1e8]]);
  assertEquals([usage.peakRss, usage.rss], [2200 * 1024, 1100 * 1024]);
  assertEquals(usage.core, 21e7);
});

Deno.test("processor time is the sum over the threads, new ones included", () => {
  const before = parseUsage("thread 1/1 100\nthread 1/2 50");
  const after = parseUsage("thread 1/1 160\nthread 1/2 50\nthread 1/3 7");
  assertEquals(cpuBetween(before, after), 67);
});

Deno.test("where a thread has ended, the clock of its process counts", () => {
  const before = parseUsage(`thread 1/1 100\nthread 1/2 50\nprocess 1 ${STAT}`);
  const after = parseUsage(`thread 1/1 160\nprocess 1 ${STAT.replace(" 7 3 ", " 9 4 ")}`);
  assertEquals(cpuBetween(before, after), 3e7);
});
