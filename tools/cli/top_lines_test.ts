import { assert, assertEquals } from "@std/assert";
import { COLOURS, NO_PAINT } from "./paint.ts";
import { ratesBetween } from "./rates.ts";
import type { Sample } from "./sample.ts";
import { incident, LOAD, NOW, replica, status } from "./testing.ts";
import { topLines } from "./top_lines.ts";

const URL = "http://127.0.0.1:5000";
const PAGE = { paint: NO_PAINT, width: 80, height: 24 };

function sample(other: Partial<Sample> = {}): Sample {
  const before = {
    ...LOAD,
    at: NOW - 1000,
    requests: 4000,
    held: 0,
    replicas: { Server1: { ...LOAD.replicas["Server1"]!, requests: 2250 } },
  };
  const long = replica("a-name-that-is-too-long", { state: "starting", weight: 0.5, restarts: 12 });
  return {
    at: NOW,
    status: status([replica("Server1"), replica("Server2"), long]),
    load: LOAD,
    rates: ratesBetween(before, LOAD),
    incident: incident(),
    minute: undefined,
    ...other,
  };
}

Deno.test("top: 80 columns show the most important figures, and long names are cut", () => {
  assertEquals(topLines(URL, sample(), true, PAGE), [
    "http://127.0.0.1:5000: 2 of 3 replicas ready, engine process",
    "1000 requests/s  0 errors/s  1 held now  3.0 held/s  2 lost  64 connections",
    "Server2 failed 12 s ago, healed after 64 ms, 3 held, 0 lost: exit 137",
    "",
    "REPLICA       STATE     WEIGHT    SLOTS     LOAD   NOW     P50     P99  RESTARTS",
    "Server1       ready          1   33.4 %   27.3 %    12  1.3 ms   1.4 s         0",
    "Server2       ready          1   33.4 %   72.7 %     0       –       –         0",
    "a-name-that…  starting     0.5   33.4 %        –     –       –       –        12",
  ]);
});

Deno.test("top: the last minute is drawn in one line of 80 columns", () => {
  const at = Array.from({ length: 60 }, (_, second) => NOW + 1000 * second);
  const minute = {
    at,
    requests: at.map((_, second) => second),
    held: at.map((_, second) => second === 59 ? 4 : 0),
    p99Ms: at.map((_, second) => second < 30 ? null : 12),
  };
  assertEquals(
    topLines(URL, sample({ minute }), true, PAGE)[2],
    "last minute: requests ▁▁▂▃▃▄▄▅▅▆▆▇▇██  held ▁▁▁▁▁▁▁▁▁▁▁▁▁▁█  p99        ████████",
  );
});

Deno.test("top: a replica that is not ready has its cause below the table", () => {
  const lastError = { at: "2026-11-23T19:59:58.000Z", message: "exit code 3" };
  const down = status([replica("Server1", { state: "down", lastError })]);
  const text = topLines(URL, sample({ status: down }), true, PAGE).join("\n");
  assert(/Server1.*exit code 3/.test(text), text);
});

Deno.test("top: a wider terminal shows full names and more columns", () => {
  const lines = topLines(URL, sample(), true, { ...PAGE, width: 132 });
  const [titles, first] = lines.slice(4);
  assertEquals(titles?.trim().split(/\s+/).slice(-4), [
    "REQ/S",
    "ERR/S",
    "FOR",
    "ADDRESS",
  ]);
  assertEquals(first?.trim().split(/\s{2,}/).slice(-4), [
    "750",
    "0",
    "90 s",
    "127.0.0.1:20401",
  ]);
  assert(lines.some((line) => line.startsWith("a-name-that-is-too-long ")));
});

Deno.test("top: the widest terminal shows the waits for a replica, too", () => {
  const [titles, , second] = topLines(URL, sample(), true, { ...PAGE, width: 160 }).slice(4);
  assertEquals([titles, second].map((line) => line?.trim().split(/\s{2,}/).at(-1)), [
    "HOLD",
    "5.2 s",
  ]);
});

Deno.test("top: no line is wider than the terminal, at any width, with colours or without", () => {
  for (const paint of [NO_PAINT, COLOURS]) {
    for (const width of [20, 40, 60, 80, 100, 132, 200]) {
      for (const line of topLines(URL, sample(), true, { ...PAGE, paint, width })) {
        // deno-lint-ignore no-control-regex
        const seen = line.replace(/\x1b\[\d+m/g, "");
        assert(seen.length <= width, `${width}: ${seen}`);
      }
    }
  }
});

Deno.test("top: a low terminal shows as many replicas as fit, and the number left out", () => {
  const lines = (height: number) => topLines(URL, sample(), true, { ...PAGE, height }).slice(5);
  assertEquals(lines(8).length, 3);
  const counts = [5, 3, 1, 0].map((height) =>
    topLines(URL, sample(), true, { ...PAGE, height }).length
  );
  assertEquals(counts, [5, 3, 1, 1]);
  assertEquals(lines(7).map((line) => line.split(" ", 3).join(" ").trim()), [
    "a-name-that…  starting",
    "and 2 more,",
  ]);
});

Deno.test("top: of 50 replicas those that are not ready come first, and have their causes below", () => {
  const lastError = { at: "2026-11-23T19:59:58.000Z", message: "exit code 3" };
  const replicas = Array.from({ length: 50 }, (_, index) => replica(`Server${index + 1}`));
  replicas[40] = replica("Server41", { state: "down", lastError });
  for (const width of [80, 120]) {
    const lines = topLines(URL, sample({ status: status(replicas) }), true, { ...PAGE, width });
    assertEquals(lines.length, PAGE.height);
    assert(lines[5]?.startsWith("Server41"), lines[5]);
    assert(lines.some((line) => /^and \d+ more, all ready$/.test(line)), lines.join("\n"));
    assert(lines.some((line) => line.startsWith("Server41 failed 2 s ago: exit code 3")));
  }
});

Deno.test("top: a fleet without replicas, an open incident, balancers and a maintenance are named", () => {
  const one = {
    id: "a1",
    host: "h",
    pid: 1,
    epoch: 2,
    digest: "d",
    heals: true,
    silentMs: 0,
    direct: true,
  };
  const none = status([], {
    cluster: { self: "a1", holder: "a1", isolated: false, disagreeMs: 0, balancers: [one] },
    maintenance: {
      message: "Back at 10:00.",
      retryAfterS: 60,
      allow: [],
      since: "2026-11-23T19:59:00.000Z",
    },
  });
  const open = incident({ endedAt: null, timings: { ...incident().timings, release: null } });
  const lines = topLines(URL, sample({ status: none, incident: open }), true, PAGE);
  assertEquals(lines.slice(2), [
    "Server2 failed 12 s ago, not healed yet, 3 held, 0 lost: exit 137",
    "balancers: 1, epoch 2, h process 1 (this one) holds the lease",
    "maintenance for 60 s: requests are answered 503, Retry-After 60 s: Back at 10:0…",
    "",
  ]);
  assertEquals(lines[0], "http://127.0.0.1:5000: no replicas, in maintenance, engine process");
});

Deno.test("top: replicas on several machines have a column for them, if there is room", () => {
  const placed = { ...replica("Server1"), machine: "node-a" };
  const [titles, first] = topLines(URL, sample({ status: status([placed]) }), true, {
    ...PAGE,
    width: 100,
  }).slice(4);
  assert(titles?.includes("MACHINE"), titles);
  assert(first?.includes("node-a"), first);
});

Deno.test("top: charts use the width of the terminal, up to a character for each second", () => {
  const at = Array.from({ length: 60 }, (_, second) => NOW + 1000 * second);
  const values = at.map((_, second) => second);
  const minute = { at, requests: values, held: values, p99Ms: values };
  const charts = (width: number) =>
    topLines(URL, sample({ minute }), true, { ...PAGE, width })[2]?.length;
  assertEquals([80, 120, 400].map(charts), [80, 119, 215]);
});

Deno.test("top: without load figures the screen shows state and slots, and says so", () => {
  const bare = sample({ load: undefined, rates: undefined, incident: undefined });
  assertEquals(topLines(URL, bare, true, PAGE).slice(1, 5), [
    "no load figures: this balancer does not count them",
    "",
    "REPLICA       STATE     WEIGHT    SLOTS     LOAD   NOW     P50     P99  RESTARTS",
    "Server1       ready          1   33.4 %        –     –       –       –         0",
  ]);
});

Deno.test("top: while the balancer does not answer the last figures stay, and the screen says so", () => {
  const [first, second] = topLines(URL, sample(), false, PAGE);
  assertEquals(first, "http://127.0.0.1:5000: cannot be reached, trying again");
  assertEquals(second?.startsWith("1000 requests/s"), true);
});
