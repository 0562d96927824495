/**
 * A-3 in words.
 *
 * @module
 */
import { countsOf, medianAndMax, sum } from "../harness/statistics.ts";
import { fixed, tableOf, whole } from "../harness/table.ts";
import type { FailureData, Kill, Times, Window } from "./a3.ts";
import { SEED_FIGURES } from "./part.ts";

/** The section. */
export function failureReport(data: FailureData, chart: (name: string) => string): string {
  const { kills, hangs, requests, lost, clients, requestsASecond, replicas, shown } = data;
  const row = (label: string, values: readonly number[], seed?: number) => {
    const { p50, max } = medianAndMax(values);
    return [label, whole(p50), whole(max), seed === undefined ? "" : `under ${whole(seed)}`];
  };
  const step = (label: string, key: keyof Times, seed?: number) =>
    row(label, kills.map(({ times }) => times[key]), seed);
  const reasons = [...new Set(lost)].slice(0, 3).join("; ");
  const signals = [...countsOf(kills.map(({ signal }) => signal))];
  return [
    `Three replicas of the default layout, ${clients} connections, together ${requestsASecond} \`GET /home\` each second, ids counting up. ${kills.length} times the process of a replica is ended by \`kill -9\`. Times are those of the balancer's own record (\`GET /_lb/incidents\`), counted from the kill; the last two lines are the clients' view.`,
    tableOf(["milliseconds after the kill", "median", "slowest", "the seed document says"], [
      step("the balancer knows", "detected", SEED_FIGURES.detectMs),
      step("no worker routes to it any more", "unrouted"),
      step("replacement started", "started"),
      step("replacement passes its first heartbeat", "ready"),
      step("full ring", "released", SEED_FIGURES.respawnMs),
      row("a client has the replacement's first answer", kills.map(({ answered }) => answered)),
      row("slowest request within a second of the kill", kills.map(({ longest }) => longest)),
    ]),
    `Of ${whole(requests)} requests **${lost.length} were lost**${
      lost.length === 0 ? "" : ` (${reasons})`
    }. ${
      whole(sum(kills.map(({ held }) => held)))
    } waited for a replacement. Signs that gave the kills away: ${
      signals.map(([signal, count]) => `${signal} (${count})`).join(", ")
    }.`,
    chart("a-3-timeline"),
    chart("a-3-kills"),
    `Requests that each replica answered in kill ${shown.kill + 1}, the one of the chart (${
      kills[shown.kill]?.name
    } was killed), and per second in all ${kills.length}:`,
    tableOf(
      ["", ...replicas, "killed one, per second, all kills", "each other, per second, all kills"],
      (kills[shown.kill]?.windows ?? []).map((window) => windowRow(window, kills, replicas)),
    ),
    hangText(hangs),
  ].join("\n\n");
}

function windowRow(window: Window, kills: readonly Kill[], replicas: readonly string[]) {
  const { when, ms, answers } = window;
  const same = kills.map(({ name, windows }) => {
    const { ms = NaN, answers = [] } = windows.find((one) => one.when === when) ?? {};
    return { ms, own: answers[replicas.indexOf(name)] ?? NaN, all: sum(answers) };
  });
  const seconds = sum(same.map((one) => one.ms)) / 1000;
  const own = sum(same.map((one) => one.own));
  const others = (sum(same.map((one) => one.all)) - own) / (replicas.length - 1);
  const rates = [own, others].map((count) => fixed(count / seconds, 0));
  return [`${when}, ${whole(ms)} ms`, ...answers, ...rates];
}

function hangText(hangs: readonly Times[]): string {
  const detected = medianAndMax(hangs.map((times) => times.detected));
  const released = medianAndMax(hangs.map((times) => times.released));
  return `**Failures that only heartbeats can detect.** A replica's process is stopped (\`kill -STOP\`) while there are no requests, ${hangs.length} times, so that no broken connection and no exit gives it away. With a heartbeat each 3 seconds (\`LB_HEARTBEAT_MS\`) the balancer knew after ${
    whole(detected.p50)
  } ms (slowest ${whole(detected.max)}), and the ring was full again after ${
    whole(released.p50)
  } ms (slowest ${
    whole(released.max)
  }). So the seed document's detection in under 5 seconds and respawn in under 10 are possible with heartbeats each 3 seconds; a kill is noticed without waiting for one.`;
}
