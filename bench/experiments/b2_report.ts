/**
 * B-2 in words.
 *
 * @module
 */
import type { Weighed } from "./b2.ts";
import { percent, tableOf, whole } from "./markdown.ts";

/** The section. */
export function weightsReport(data: readonly Weighed[]): string {
  const lost = data.reduce((sum, { faults }) => sum + faults.length, 0);
  return [
    `Three replicas of weight 1; \`POST /add {"n":1,"hostnames":["Big"],"weights":{"Big":3}}\` brings a fourth, whose weight is changed while it serves by \`PATCH /_lb/replicas/Big\`; 0 drains it. The ids 0 to 9999 each time. ${lost} requests were lost.`,
    tableOf(
      [
        "layout, hashes",
        "slots",
        "call",
        "weights",
        "requests",
        "Big's share",
        "by its weight",
        "worst error",
      ],
      data.map(lineOf),
    ),
    `\`even\` gives shares by count. In \`rendezvous\` chance gives them out, slot by slot: of 512 slots a half is then off by ${
      percent(deviation(512))
    } (one standard deviation), of 65,536 by ${
      percent(deviation(65_536))
    }. Virtual servers leave more to chance than slots do, as there are fewer of them.`,
  ].join("\n\n");
}

/** Of the share of slots where each goes one way or the other like a coin. */
function deviation(slots: number): number {
  return Math.sqrt(0.25 / slots);
}

function lineOf({ way, slots, call, replicas, weights, requests }: Weighed): string[] {
  const sum = (values: readonly number[]) => values.reduce((all, one) => all + one, 0);
  const [all, weight] = [sum(requests), sum(weights)];
  const errors = replicas.map((_, at) =>
    Math.abs((requests[at] ?? NaN) / all - (weights[at] ?? NaN) / weight)
  );
  return [
    way,
    whole(slots),
    `\`${call}\``,
    weights.join(" / "),
    requests.join(" / "),
    percent((requests.at(-1) ?? NaN) / all),
    percent((weights.at(-1) ?? NaN) / weight),
    percent(Math.max(...errors), 2),
  ];
}
