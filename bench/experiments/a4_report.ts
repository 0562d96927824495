/**
 * A-4 as charts and in words.
 *
 * @module
 */
import { dots, line, type Style, values } from "../harness/chart.ts";
import { sum } from "../harness/statistics.ts";
import { fixed, percent, tableOf } from "../harness/table.ts";
import type { Ceiling, Change, Computed, MovementData } from "./a4.ts";
import type { NamedChart } from "./part.ts";
import { REQUESTS } from "./requests.ts";
import { colourOf } from "./room.ts";

/** Numbers of replicas that the table of computed figures shows. */
const SHOWN = [3, 10, 20, 50];

const COMMON = { left: 70, size: { width: 790, height: 300 } };
const X = values({ min: 0, max: 52, interval: 10, name: "replicas (N)" });

/** The largest load, and the ids that move. */
export function movementCharts({ computed, changes }: MovementData): NamedChart[] {
  const left = changes.filter(({ change }) => change === "leave");
  const balance = [
    ...lines(computed, ({ maxOverMean }) => maxOverMean),
    ...points(changes, ({ maxOverMean }) => maxOverMean),
  ];
  const leave = [
    ideal(computed),
    ...lines(computed, ({ leave }) => 100 * leave),
    ...points(left, ({ moved }) => 100 * moved / REQUESTS),
  ];
  return [
    {
      ...{ name: "a-4-balance", ...COMMON, legend: waysOf(computed) },
      alt: "Requests of the busiest replica over the mean, for 2 to 50 replicas, by layout",
      title: "A-4: requests of the busiest replica over the mean",
      subtitle:
        "lines computed from the ring, dots from answers of real fleets; log scale; ids 0 to 9999",
      panels: [{ x: X, y: { type: "log", min: 1, max: 32, logBase: 2 }, series: balance }],
    },
    {
      ...{ name: "a-4-leave", ...COMMON, legend: ["1 / N", ...waysOf(computed)] },
      alt: "Share of the ids that move when a replica leaves, for 2 to 50 replicas, by layout",
      title: "A-4: ids that change their replica when one of N leaves, in %",
      subtitle:
        "lines computed (mean over all that can leave), dots from real fleets where one left by DELETE /rm",
      panels: [{ x: X, y: values({ min: 0, max: 60, interval: 10 }), series: leave }],
    },
  ];
}

/** The least that can move: the load of the one that leaves. */
function ideal(computed: readonly Computed[]): Style {
  const counts = [...new Set(computed.map(({ replicas }) => replicas))];
  const lineStyle = { color: "#0f172a", type: "dashed", width: 1.5 };
  return line("1 / N", "#0f172a", counts.map((n) => [n, 100 / n]), { z: 4, lineStyle });
}

function lines(all: readonly Computed[], y: (one: Computed) => number): Style[] {
  return waysOf(all).map((way) =>
    line(way, colourOf(way), of(all, way).map((one) => [one.replicas, y(one)]))
  );
}

function points(all: readonly Change[], y: (one: Change) => number): Style[] {
  return waysOf(all).map((way) =>
    dots("", colourOf(way), of(all, way).map((one) => [one.replicas, y(one)]), {
      ...{ symbolSize: 11, z: 5 },
    })
  );
}

function waysOf(all: readonly { readonly way: string }[]): string[] {
  return [...new Set(all.map(({ way }) => way))];
}

function of<T extends { readonly way: string }>(all: readonly T[], way: string): T[] {
  return all.filter((one) => one.way === way);
}

/** The section. */
export function movementReport(
  { computed, changes, ceiling }: MovementData,
  chart: (name: string) => string,
): string {
  const total = (key: "lost" | "strays") => sum(changes.map((one) => one[key]));
  const ofKind = (kind: Change["change"]) => changes.filter(({ change }) => change === kind);
  return [
    `Real fleets, at 10 and at 50 replicas (\`classic\` and \`seed\` at 10): the ids 0 to 9999 before and after one replica leaves by \`DELETE /rm\`, comes back by \`POST /add\`, and one more joins. ${
      total("lost")
    } requests were lost, ${
      total("strays")
    } were answered by another replica than the computed ring says, and after the return ${
      sum(ofKind("return").map(({ moved }) => moved))
    } ids were not back where they had been.`,
    tableOf(
      ["layout, hashes", "N", "largest / mean", "leaves: moved", "joins: moved", "1 / N"],
      ofKind("leave").map((left) => realRow(left, ofKind("join"))),
    ),
    `Computed, from the ring alone: the mean over all N that can leave, and the join of Server(N + 1). The least that can move is the load of the one that leaves, 1 / N on average; \`rendezvous\` moves no more than that. \`even\` moves some between the others, too, as the price of equal shares. In layout \`ring\` it is more the fuller the circle is: with 50 replicas ${
      50 * 9
    } of 512 slots are taken, and many virtual servers stand where linear probing put them, which changes when one leaves.`,
    tableOf(
      ["largest / mean; leaves; joins", ...SHOWN.map((n) => `N = ${n}`)],
      waysOf(computed).map((way) => [way, ...SHOWN.map((n) => computedCell(computed, way, n))]),
    ),
    chart("a-4-balance"),
    chart("a-4-leave"),
    ceilingText(ceiling),
  ].join("\n\n");
}

function realRow({ way, replicas, maxOverMean, moved }: Change, joins: readonly Change[]) {
  const joined = of(joins, way).find((one) => one.replicas === replicas)?.moved ?? NaN;
  const shares = [moved / REQUESTS, joined / REQUESTS, 1 / replicas];
  return [way, replicas, fixed(maxOverMean, 2), ...shares.map((share) => percent(share))];
}

function computedCell(computed: readonly Computed[], way: string, n: number): string {
  const { maxOverMean = NaN, leave = NaN, join = NaN } =
    of(computed, way).find(({ replicas }) => replicas === n) ?? {};
  return `${fixed(maxOverMean, 2)}; ${percent(leave)}; ${percent(join)}`;
}

function ceilingText(ceiling: Ceiling): string {
  const { first, reached, reachedStatus, refusedStatus, refusedMessage } = ceiling;
  return `**The ceiling.** With 512 slots and 9 virtual servers each, layout \`ring\` has room for ${reached} replicas (${reached} × 9 = ${
    reached * 9
  }). A real fleet of ${first} was asked for ${
    reached - first
  } more: ${reachedStatus}. Then for one more: ${refusedStatus}, and nothing was started (${ceiling.replicasAfter} replicas, ${ceiling.readyAfter} ready, the ring's digest ${
    ceiling.sameDigest ? "unchanged" : "CHANGED"
  }):

> \`${refusedMessage}\`

The other layouts have no virtual servers, and room for as many replicas as there are slots.`;
}
