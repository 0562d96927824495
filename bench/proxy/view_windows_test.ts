import { assertEquals } from "@std/assert";
import { compareWindows, parseMarks } from "./view_windows.ts";

const START = 1_795_442_915_000_000;

/** A request for each millisecond of a second, those in between slower. */
function requests(slowFrom: number, slowTo: number) {
  return Array.from({ length: 1000 }, (_, ms) => ({
    start: START + ms * 1000,
    us: ms >= slowFrom && ms < slowTo ? 9000 : 1000,
    status: 200,
  }));
}

Deno.test("moments are read from among other lines", () => {
  const log = `proxy.worker: oh\nmark ready ${START}\nmark none ${START + 5}\n`;
  assertEquals(parseMarks(log), [
    { kind: "ready", at: START },
    { kind: "none", at: START + 5 },
  ]);
});

Deno.test("slow requests count for the window that they were under way in", () => {
  const marks = [
    { kind: "none", at: START + 100_000 },
    { kind: "ready", at: START + 300_000 },
    { kind: "member", at: START + 500_500 },
    { kind: "none", at: START + 700_000 },
  ] as const;
  const sample = compareWindows(marks, requests(490, 501));
  assertEquals([sample["noneWindows"], sample["noneStalled"], sample["noneMax"]], [2, 0, 1]);
  assertEquals([sample["readyWindows"], sample["readySlow"]], [1, 0]);
  // From 492 on: those before were over.
  assertEquals([sample["memberSlow"], sample["memberStalled"], sample["memberMax"]], [9, 100, 9]);
});

Deno.test("a window without load from end to end does not count", () => {
  const marks = [
    { kind: "none", at: START - 1 },
    { kind: "ready", at: START + 950_000 },
    { kind: "member", at: START + 500_000 },
  ] as const;
  const sample = compareWindows(marks, requests(0, 0));
  assertEquals(
    [sample["noneWindows"], sample["readyWindows"], sample["memberWindows"]],
    [0, 0, 1],
  );
});
