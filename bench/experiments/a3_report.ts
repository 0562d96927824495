/**
 * A-3 in words.
 *
 * @module
 */
import type { FailureData, Kill, Window } from "./a3.ts";
import type { Times } from "./a3_strikes.ts";
import { fixed, tableOf, whole } from "./markdown.ts";
import { SEED_FIGURES } from "./seed_document.ts";
import { countsOf, medianAndMax } from "./statistics.ts";

/** The section. */
export function failureReport(data: FailureData, chart: (name: string) => string): string {
  const { kills, hangs, requests, lost, clients, requestsASecond, replicas } = data;
  return [
    `Three replicas of the default layout, ${clients} connections, together ${requestsASecond} \`GET /home\` each second, ids counting up. ${kills.length} times the process of a replica is ended by \`kill -9\`. Times are those of the balancer's own record (\`GET /_lb/incidents\`), counted from the kill; the last two lines are the clients' view.`,
    tableOf(["milliseconds after the kill", "median", "slowest", "the seed document says"], [
      timeLine("the balancer knows", kills, "detected", `under ${whole(SEED_FIGURES.detectMs)}`),
      timeLine("no worker routes to it any more", kills, "unrouted", ""),
      timeLine("replacement started", kills, "started", ""),
      timeLine("replacement passes its first heartbeat", kills, "ready", ""),
      timeLine("full ring", kills, "released", `under ${whole(SEED_FIGURES.respawnMs)}`),
      line("a client has the replacement's first answer", kills.map(({ answered }) => answered)),
      line("slowest request within a second of the kill", kills.map(({ longest }) => longest)),
    ]),
    `Of ${whole(requests)} requests **${lost.length} were lost**${
      lost.length === 0 ? "" : ` (${[...new Set(lost)].slice(0, 3).join("; ")})`
    }. ${
      whole(sum(kills.map(({ held }) => held)))
    } waited for a replacement. What gave the kills away: ${signalsOf(kills)}.`,
    chart("a-3-timeline"),
    chart("a-3-kills"),
    `Requests that each replica answered in kill ${data.shown.kill + 1}, the one of the chart (${
      kills[data.shown.kill]?.name
    } was killed), and per second in all ${kills.length}:`,
    tableOf(
      ["", ...replicas, "killed one, per second, all kills", "each other, per second, all kills"],
      (kills[data.shown.kill]?.windows ?? []).map((window) => windowLine(window, kills, replicas)),
    ),
    hangText(hangs),
  ].join("\n\n");
}

function timeLine(label: string, kills: readonly Kill[], key: keyof Times, seed: string) {
  return [...line(label, kills.map(({ times }) => times[key])).slice(0, 3), seed];
}

function line(label: string, values: readonly number[]): string[] {
  const { p50, max } = medianAndMax(values);
  return [label, whole(p50), whole(max), ""];
}

function signalsOf(kills: readonly Kill[]): string {
  const counts = countsOf(kills.map(({ signal }) => signal));
  return [...counts].map(([signal, count]) => `${signal} (${count})`).join(", ");
}

function windowLine(window: Window, kills: readonly Kill[], replicas: readonly string[]) {
  const { when, ms, answers } = window;
  const ofThis = kills.map(({ name, windows }) => {
    const same = windows.find((one) => one.when === when);
    const own = same?.answers[replicas.indexOf(name)] ?? NaN;
    return { ms: same?.ms ?? NaN, own, all: sum(same?.answers ?? []) };
  });
  const seconds = sum(ofThis.map((one) => one.ms)) / 1000;
  const own = sum(ofThis.map((one) => one.own));
  const others = sum(ofThis.map((one) => one.all)) - own;
  return [
    `${when}, ${whole(ms)} ms`,
    ...answers.map(String),
    fixed(own / seconds, 0),
    fixed(others / seconds / (replicas.length - 1), 0),
  ];
}

function hangText(hangs: readonly Times[]): string {
  const detected = medianAndMax(hangs.map((times) => times.detected));
  const released = medianAndMax(hangs.map((times) => times.released));
  return `**Where only heartbeats can tell.** A replica's process is stopped (\`kill -STOP\`) while nobody asks for anything, ${hangs.length} times, so that no broken connection and no exit gives it away. With a heartbeat each 3 seconds (\`LB_HEARTBEAT_MS\`) the balancer knew after ${
    whole(detected.p50)
  } ms (slowest ${whole(detected.max)}), and the ring was full again after ${
    whole(released.p50)
  } ms (slowest ${
    whole(released.max)
  }). So the seed document's detection in under 5 seconds and respawn in under 10 are possible with heartbeats each 3 seconds; a kill is noticed without waiting for one.`;
}

function sum(values: readonly number[]): number {
  return values.reduce((all, one) => all + one, 0);
}
