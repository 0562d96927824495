import { assert, assertEquals } from "@std/assert";
import type { CertificateStatus } from "../answers/certificate.ts";
import type { ReplicaStatus, Status } from "../answers/fleet.ts";
import type { History, HistoryMark } from "../answers/history.ts";
import type { Incident } from "../answers/incident.ts";
import {
  afterDeployStep,
  type DeployEvent,
  replacedNames,
  stepText,
} from "./client/deploy_steps.ts";
import { inFormWords } from "./client/form_words.ts";
import { shortened, throughput } from "./client/format.ts";
import {
  certificateProblem,
  flapping,
  groupIncidents,
  healthOf,
  noIncidents,
} from "./client/health.ts";
import { machineCounts } from "./client/machines.ts";
import { bandAt, bandsOf } from "./client/ring_bands.ts";
import { placeLabels, placeSpokes } from "./client/ring_labels.ts";
import { type Owner, samePicture } from "./client/ring_picture.ts";
import { afterStatusChange } from "./client/status_changes.ts";
import { appended, isBusy, mergedMarks, sampleAt, sumAt } from "./client/series.ts";
import { timelineOf } from "./client/timeline.ts";

const NOW = Date.parse("2026-11-23T20:00:00Z");

function status(ready: number, desired: number): Status {
  const replicas = Array.from({ length: desired }, (_, index) => ({
    name: `S${index + 1}`,
    state: index < ready ? "ready" : "waiting",
  })) as unknown as ReplicaStatus[];
  return { ready, desired, replicas, engineUp: true } as unknown as Status;
}

/** An incident of S1 that was healed after 64 ms. */
function incident(changes: Partial<Incident> = {}): Incident {
  return {
    id: 1,
    name: "S1",
    at: "2026-11-23T19:59:48.000Z",
    endedAt: "2026-11-23T19:59:48.064Z",
    signal: "exit code 137",
    exit: null,
    lastWords: [],
    served: true,
    failedStarts: 0,
    startFailure: null,
    evidence: {},
    instance: "i1",
    replacement: "i2",
    spare: false,
    timings: { signal: 1, eject: 3, unrouted: 9, create: 3, started: 5, ready: 60, release: 64 },
    requests: { held: 0, retried: 0, spilled: 0, lost: 0, broken: 0, longestHoldMs: 0 },
    ...changes,
  };
}

Deno.test("each overall state has its own words, and only a full fleet is good", () => {
  const seen = (known: Partial<Parameters<typeof healthOf>[0]>) => {
    const { tone, text } = healthOf({
      status: undefined,
      live: "live",
      barred: undefined,
      ...known,
    });
    return `${tone}: ${text}`;
  };
  assertEquals(seen({ barred: "no token" }), "unknown: Waiting for a token");
  assertEquals(seen({ live: "connecting" }), "unknown: Reading the state…");
  assertEquals(seen({ live: "lost" }), "bad: The balancer does not answer");
  assertEquals(seen({ status: status(2, 2) }), "good: 2 of 2 replicas ready");
  assertEquals(seen({ status: status(1, 2) }), "bad: 1 of 2 replicas ready");
  assertEquals(seen({ status: status(0, 0) }), "unknown: No replicas");
  const maintenance = { since: "2026-11-23T19:00:00Z" } as Status["maintenance"];
  assertEquals(
    seen({ status: { ...status(2, 2), maintenance } }),
    "warned: In maintenance; 2 of 2 replicas ready",
  );
  assertEquals(
    seen({ status: { ...status(1, 2), maintenance } }),
    "bad: In maintenance; 1 of 2 replicas ready",
  );
  assertEquals(
    seen({ status: { ...status(2, 2), engineUp: false } }),
    "bad: Engine does not answer; 2 of 2 replicas ready",
  );
  const cluster = { isolated: true } as NonNullable<Status["cluster"]>;
  assertEquals(
    seen({ status: { ...status(2, 2), cluster } }),
    "bad: Shared store unreachable; 2 of 2 replicas ready",
  );
  assertEquals(
    seen({ status: status(2, 2), live: "lost" }),
    "unknown: Not connected; last known: 2 of 2 replicas ready",
  );
});

Deno.test("an empty list of incidents claims no more than is known", () => {
  assertEquals(noIncidents(status(2, 2), "live"), "Nothing has failed since the balancer started.");
  assertEquals(noIncidents(status(0, 0), "live"), "There are no replicas, so none has failed.");
  assertEquals(
    noIncidents(status(1, 2), "live"),
    "No failure was recorded, but S2 is not ready.",
  );
  assertEquals(
    noIncidents(status(0, 2), "live"),
    "No failure was recorded, but 2 replicas are not ready.",
  );
  assert(!noIncidents(status(2, 2), "lost").includes("Nothing has failed"));
});

Deno.test("incidents of one replica by one cause are one group", () => {
  const incidents = [
    incident({ id: 4 }),
    incident({ id: 3, name: "S2" }),
    incident({ id: 2, signal: "no answer within 1000 ms" }),
    incident({ id: 1 }),
  ];
  const groups = groupIncidents(incidents).map(({ incidents }) => incidents.map(({ id }) => id));
  assertEquals(groups, [[4, 1], [3], [2]]);
});

Deno.test("a replica that failed three times in ten minutes flaps; failed starts count", () => {
  const old = incident({ at: "2026-11-23T19:00:00.000Z" });
  const names = new Set(["S1", "S2"]);
  assertEquals(flapping([incident(), incident(), old, old], names, NOW), []);
  assertEquals(flapping([incident(), incident(), incident()], names, NOW), [
    { name: "S1", times: 3, cause: "exit code 137" },
  ]);
  const never = incident({ name: "S2", failedStarts: 4 });
  assertEquals(flapping([never], names, NOW).map(({ name, times }) => [name, times]), [["S2", 4]]);
  assertEquals(flapping([never], new Set(["S1"]), NOW), [], "a removed replica");
});

Deno.test("the steps of a heal have durations, in order of time", () => {
  const steps = timelineOf(incident(), NOW).map(({ name, from, tookMs }) => [name, from, tookMs]);
  assertEquals(steps, [
    ["noticed", 0, 3],
    ["created", 3, 2],
    ["rerouted", 5, 4],
    ["warmed up", 9, 51],
    ["released", 60, 4],
  ]);
});

Deno.test("an open incident has an end that grows", () => {
  const open = incident({
    endedAt: null,
    timings: {
      signal: 1,
      eject: 3,
      unrouted: null,
      create: 3,
      started: null,
      ready: null,
      release: null,
    },
  });
  assertEquals(timelineOf(open, NOW).at(-1), {
    name: "still healing",
    class: "pending",
    from: 3,
    tookMs: 11_997,
  });
  assertEquals(timelineOf(open, NOW + 1000).at(-1)?.tookMs, 12_997);
});

function history(
  at: readonly number[],
  requests: readonly number[],
): Pick<History, "at" | "series"> {
  return { at, series: { "2xx": requests, "5xx": requests.map(() => 0) } as never };
}

Deno.test("newer samples are appended once, and only the newest are kept", () => {
  const first = appended(undefined, history([1000, 2000], [1, 2]), 3);
  const next = appended(first, history([2000, 3000, 4000], [2, 3, 4]), 3);
  assertEquals([next.at, next.series["2xx"]], [[2, 3, 4], [2, 3, 4]]);
  assertEquals(appended(next, history([4000], [4]), 3), next);
  assertEquals([sampleAt(next, undefined), sampleAt(next, 3.5), sampleAt(next, 1)], [2, 1, -1]);
  assertEquals(sumAt(next, ["2xx", "5xx"], 1), 3);
  assertEquals([isBusy(next, ["2xx"], 3), isBusy(next, ["5xx"], 0)], [true, false]);
});

Deno.test("a mark that grew replaces its former self", () => {
  const mark = (id: string, at: number, until: number | null) =>
    ({ id, at, until, kind: "incident", name: null, text: "" }) as HistoryMark;
  const before = [mark("a", 1, null), mark("b", 5, 6)];
  assertEquals(mergedMarks(before, [mark("a", 1, 4), mark("c", 9, null)], 8), [
    mark("a", 1, 4),
    mark("b", 5, 6),
    mark("c", 9, null),
  ]);
  assertEquals(mergedMarks(before, [mark("c", 9, null)], 2).map(({ id }) => id), ["b", "c"]);
});

Deno.test("a deploy's steps are collected until its end, and the next deploy starts with none", () => {
  const step = (name: string, other: object = {}) =>
    ({ id: 1, at: 1, type: "deploy", step: name, ...other }) as DeployEvent;
  let deploy = afterDeployStep(undefined, step("starting", { name: "S1" }));
  deploy = afterDeployStep(deploy, step("replaced", { name: "S1" }));
  assertEquals([replacedNames(deploy), deploy.over], [["S1"], false]);
  deploy = afterDeployStep(deploy, step("rolled-back", { reason: "exit 7" }));
  assertEquals([deploy.steps.length, deploy.over], [3, true]);
  assertEquals(stepText(deploy.steps[2]!), "rolled back: exit 7");
  assertEquals(afterDeployStep(deploy, step("pulling")).steps.length, 1);
  assertEquals(stepText(step("watching", { name: "S1", forMs: 500 })), "watching S1 for 0.5 s");
});

Deno.test("field names in errors are those of the form", () => {
  assertEquals(
    inFormWords("hostnames: each must be short; n: must be a whole number; got 0"),
    "Names: each must be short; How many: must be a whole number; got 0",
  );
  assertEquals(inFormWords("weights.S4: must be from 0"), "Weight of S4: must be from 0");
  assertEquals(inFormWords("the engine could not: no"), "the engine could not: no");
});

Deno.test("slots that are too narrow to be told apart give the wide band to the shares", () => {
  const [fine, coarse] = [bandsOf(100, 400), bandsOf(4096, 400)];
  assertEquals([fine.coarse, coarse.coarse], [false, true]);
  const middle = ([inner, outer]: readonly [number, number]) => (inner + outer) / 2;
  for (const bands of [fine, coarse]) {
    assertEquals(bandAt(middle(bands.slots), bands), "slots");
    assertEquals(bandAt(middle(bands.shares), bands), "shares");
    assertEquals(bandAt(0.2, bands), undefined);
  }
  assertEquals(bandAt(middle(fine.slots), coarse), "shares");
});

Deno.test("names as spokes never touch, and all of 50 short ones have room in a wide ring", () => {
  for (const [half, count] of [[154, 12], [154, 50], [210, 50], [210, 200]] as const) {
    const labels = Array.from({ length: count }, (_, index) => ({
      name: `web${index}`,
      angle: 2 * Math.PI * index / count,
      share: 1 / count,
    }));
    const space = {
      radius: 0.64 * half,
      inner: 56,
      height: 12,
      width: (text: string) => 5 * text.length,
    };
    const spokes = placeSpokes(labels, space);
    assert(spokes.length >= Math.min(count, 20), `${half} ${count}: ${spokes.length}`);
    if (half === 210 && count === 50) assertEquals(spokes.length, 50);
    spokes.forEach((a, at) => {
      for (const b of spokes.slice(at + 1)) {
        const between = Math.abs(a.angle - b.angle);
        const apart = Math.min(between, 2 * Math.PI - between) * Math.max(a.from, b.from);
        assert(apart >= space.height, `${a.text} ${b.text}: ${apart}`);
      }
    });
  }
});

Deno.test("labels in the ring never cover each other or the figures, at any size", () => {
  const centre = [{ x: 0, y: 0, width: 100, height: 60 }];
  for (const half of [120, 170, 210]) {
    for (const count of [1, 3, 12, 50]) {
      const labels = Array.from({ length: count }, (_, index) => ({
        name: `a-rather-long-service-name-${index}`,
        angle: 2 * Math.PI * index / count,
        share: 1 / count,
      }));
      const width = (text: string) => 6 * text.length;
      const space = { radius: 0.53 * half, centre, height: 12, width };
      const boxes = [
        ...centre,
        ...placeLabels(labels, space).map(({ text, x, y }) => ({
          x,
          y,
          width: width(text),
          height: 12,
        })),
      ];
      boxes.forEach((a, at) => {
        for (const b of boxes.slice(at + 1)) {
          const apart = Math.abs(a.x - b.x) >= (a.width + b.width) / 2 ||
            Math.abs(a.y - b.y) >= (a.height + b.height) / 2;
          assert(apart, `${half} ${count}: ${JSON.stringify([a, b])}`);
        }
      });
    }
  }
});

Deno.test("a long name keeps its end, by which names of one service differ", () => {
  assertEquals(shortened("checkout-service-12", 10), "chec…ce-12");
  assertEquals(shortened("web1", 10), "web1");
  assertEquals([0, 999, 1500, 2_345_678, 12_000_000].map(throughput), [
    "0 B/s",
    "999 B/s",
    "1.5 kB/s",
    "2.3 MB/s",
    "12 MB/s",
  ]);
});

Deno.test("replicas are counted by machine, and without machines there is nothing to count", () => {
  const on = (machine: string | null, state: string) =>
    ({ name: "S", state, machine }) as unknown as ReplicaStatus;
  assertEquals(
    machineCounts([on("m2", "ready"), on("m1", "down"), on("m2", "ready"), on(null, "down")]),
    [
      { machine: "m1", ready: 0, replicas: 1 },
      { machine: "m2", ready: 2, replicas: 2 },
    ],
  );
  assertEquals(machineCounts([on(null, "ready")]), []);
});

Deno.test("a certificate that ends soon or has a fault has a sentence of its own", () => {
  const fine = { name: "a", ending: false, daysLeft: 60, fault: null } as CertificateStatus;
  assertEquals(certificateProblem(fine), undefined);
  assertEquals(
    certificateProblem({ ...fine, ending: true, daysLeft: 3 }),
    "Certificate a ends in 3 days.",
  );
  assertEquals(
    certificateProblem({ ...fine, ending: true, daysLeft: 0 }),
    "Certificate a has ended, or ends today.",
  );
  assertEquals(
    certificateProblem({ ...fine, daysLeft: null, fault: "a.key: no key" }),
    "Certificate a: a.key: no key",
  );
});

Deno.test("a change of the status leaves every replica that it does not name as it is", () => {
  const [a, b, c] = status(3, 3).replicas as [ReplicaStatus, ReplicaStatus, ReplicaStatus];
  const change = (changes: object) => ({
    type: "status" as const,
    at: NOW,
    fields: {},
    replicas: [],
    ...changes,
  });
  const whole = {
    fields: { ready: 3, desired: 3 },
    replicas: [a, b, c],
    order: ["S1", "S2", "S3"],
  };
  const first = afterStatusChange(undefined, change(whole));
  assertEquals(first, { ready: 3, desired: 3, replicas: [a, b, c] } as unknown as Status);

  const down = { ...b, state: "down" as const };
  const second = afterStatusChange(first, change({ fields: { ready: 2 }, replicas: [down] }));
  assertEquals([second.ready, second.desired], [2, 3]);
  assertEquals(second.replicas.map((replica, at) => replica === first.replicas[at]), [
    true,
    false,
    true,
  ]);
  const third = afterStatusChange(second, change({ order: ["S3", "S2"] }));
  assertEquals(third.replicas, [c, down]);
  const fourth = afterStatusChange(third, change({ fields: { version: 9 } }));
  assert(fourth.replicas === third.replicas, "replicas that did not change are the same list");
});

Deno.test("the ring is drawn again only if it looks different", () => {
  const owner = { name: "a", colour: "red", ready: true, slots: 2 };
  const picture = (owners: Owner[]) => ({ ...PICTURE, owners });
  assert(samePicture(picture([owner]), picture([{ ...owner }])));
  for (const change of [{ ready: false }, { slots: 3 }, { colour: "blue" }, { name: "b" }]) {
    assert(!samePicture(picture([owner]), picture([{ ...owner, ...change }])));
  }
  assert(!samePicture(picture([owner]), picture([owner, owner])));
  assert(!samePicture(PICTURE, { ...PICTURE, ink: "white" }));
  assert(!samePicture(PICTURE, { ...PICTURE, runs: [] }), "tables are compared by identity");
});

const PICTURE = {
  slots: 2,
  owners: [],
  runs: [],
  virtualServers: [],
  moves: undefined,
  ink: "black",
  paper: "white",
};
