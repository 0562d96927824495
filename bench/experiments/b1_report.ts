/**
 * B-1 in words.
 *
 * @module
 */
import type { BoundedData, BoundedRun } from "./b1.ts";
import { nameOf } from "./b1_chart.ts";
import { fixed, percent, tableOf, whole } from "./markdown.ts";
import { spreadOf } from "./statistics.ts";

/** The section. */
export function boundedReport(data: BoundedData, chart: (name: string) => string): string {
  const { keys, exponent, hottest, clients, serviceMs, seconds, runs } = data;
  return [
    `Ten replicas, ${clients} clients that ask again as soon as they are answered, ${seconds} s; each answer takes ${serviceMs} ms. Requests are routed by a field (\`LB_KEY=header:X-Key\`); of ${
      whole(keys)
    } keys the one of rank r is asked for in proportion to 1 / r${
      exponent === 1 ? "" : `^${exponent}`
    }, the first in ${
      percent(hottest)
    } of all requests. Without a bound the replica of the most popular key has that on top of its share; \`LB_LOAD_BOUND\` sends what is above the bound to where another hash of the key falls.`,
    tableOf(["", ...runs.map(nameOf)], [
      ["requests", ...runs.map(({ requests }) => whole(requests))],
      ["served: largest / mean", ...runs.map(({ served }) => ratio(served))],
      ["in flight, mean over time: largest / mean", ...runs.map(({ inFlight }) => ratio(inFlight))],
      [
        "in flight, largest / mean at the median moment",
        ...runs.map((one) => fixed(one.ratio.p50, 2)),
      ],
      [
        "in flight, largest / mean at the worst moment",
        ...runs.map((one) => fixed(one.ratio.max, 2)),
      ],
      ["lost", ...runs.map(({ faults }) => String(faults.length))],
    ]),
    chart("b-1"),
    rounding(data, runs),
  ].join("\n\n");
}

function ratio(values: readonly number[]): string {
  return fixed(spreadOf(values).maxOverMean, 2);
}

/** Caps are whole numbers. */
function rounding({ clients }: BoundedData, runs: readonly BoundedRun[]): string {
  const bound = Math.max(...runs.map((run) => run.bound));
  const replicas = runs[0]?.served.length ?? NaN;
  const cap = Math.ceil(bound * clients / replicas);
  return `A cap is a whole number of requests: with ${clients} in flight it is ${cap} a replica, which is ${
    fixed(cap * replicas / clients, 3)
  } times the mean. The clients count a request from when they send it until they have read its answer, the balancer while the replica has it in hand.`;
}
