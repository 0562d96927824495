/**
 * A-4 in words.
 *
 * @module
 */
import type { MovementData } from "./a4.ts";
import type { Ceiling } from "./a4_ceiling.ts";
import type { Computed } from "./a4_computed.ts";
import type { Change } from "./a4_real.ts";
import { REQUESTS } from "./census.ts";
import { fixed, percent, tableOf } from "./markdown.ts";

/** Numbers of replicas that the table of computed figures shows. */
const SHOWN = [3, 10, 20, 50];

/** The section. */
export function movementReport(
  { computed, changes, ceiling }: MovementData,
  chart: (name: string) => string,
): string {
  const sum = (key: "lost" | "strays") => changes.reduce((all, one) => all + one[key], 0);
  const returned = changes.filter(({ change }) => change === "return");
  const unequal = returned.reduce((all, { moved }) => all + moved, 0);
  return [
    `Real fleets, at 10 and at 50 replicas (\`classic\` and \`seed\` at 10): the ids 0 to 9999 before and after one replica leaves by \`DELETE /rm\`, comes back by \`POST /add\`, and one more joins. ${
      sum("lost")
    } requests were lost, ${
      sum("strays")
    } were answered by another replica than the computed ring says, and after the return ${unequal} ids were not back where they had been.`,
    tableOf(
      ["layout, hashes", "N", "largest / mean", "leaves: moved", "joins: moved", "1 / N"],
      leavesOf(changes).map((left) => realLine(left, changes)),
    ),
    `Computed, from the ring alone: the mean over all N that can leave, and the join of Server(N + 1). The least that can move is the load of the one that leaves, 1 / N on average; \`rendezvous\` moves no more than that. \`even\` moves some between the others, too, as the price of equal shares. In layout \`ring\` it is more the fuller the circle is: with 50 replicas ${
      50 * 9
    } of 512 slots are taken, and many virtual servers stand where linear probing put them, which changes when one leaves.`,
    tableOf(
      ["largest / mean; leaves; joins", ...SHOWN.map((n) => `N = ${n}`)],
      [...new Set(computed.map(({ way }) => way))].map((way) => [
        way,
        ...SHOWN.map((n) => computedCell(computed, way, n)),
      ]),
    ),
    chart("a-4-balance"),
    chart("a-4-leave"),
    ceilingText(ceiling),
  ].join("\n\n");
}

function leavesOf(changes: readonly Change[]): Change[] {
  return changes.filter(({ change }) => change === "leave");
}

function realLine(left: Change, changes: readonly Change[]): string[] {
  const { way, replicas, maxOverMean, moved } = left;
  const joined = changes.find((one) =>
    one.way === way && one.replicas === replicas && one.change === "join"
  );
  return [
    way,
    String(replicas),
    fixed(maxOverMean, 2),
    percent(moved / REQUESTS),
    percent((joined?.moved ?? NaN) / REQUESTS),
    percent(1 / replicas),
  ];
}

function computedCell(computed: readonly Computed[], way: string, n: number): string {
  const one = computed.find(({ way: name, replicas }) => name === way && replicas === n);
  return `${fixed(one?.maxOverMean ?? NaN, 2)}; ${percent(one?.leave ?? NaN)}; ${
    percent(one?.join ?? NaN)
  }`;
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
