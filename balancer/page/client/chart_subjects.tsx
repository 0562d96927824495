/**
 * The subjects of the four charts: their series, and the figures above them.
 *
 * @module
 */
import type { JSX } from "preact";
import type { AlignedData } from "uplot";
import type { HistorySeries } from "../../answers/history.ts";
import { clock, milliseconds, number, throughput } from "./format.ts";
import { type Charted, sumAt } from "./series.ts";
import type { Store } from "./store.ts";

type Name = keyof HistorySeries;

/** The figures of one sample. */
export interface Figure {
  readonly main: string;
  readonly unit: string;
  /** More figures in small letters, each with its colour. */
  readonly parts: readonly { readonly text: string; readonly colour?: string }[];
  /** The time under the pointer; undefined for the present. */
  readonly at: string | undefined;
}

/** One chart. */
export interface Subject {
  readonly title: string;
  readonly unit: string;
  /** The series without which there is nothing to draw. */
  readonly needs: readonly Name[];
  readonly lines: readonly { readonly colour: string; readonly fill?: number }[];
  readonly data: (charted: Charted) => AlignedData;
  readonly figure: (charted: Charted, sample: number, store: Store) => Figure;
}

/** Classes of status from the bottom of the stack up. */
const CLASSES = [
  { name: "2xx", of: ["1xx", "2xx"], colour: "--blue" },
  { name: "3xx", of: ["3xx"], colour: "--violet" },
  { name: "4xx", of: ["4xx"], colour: "--amber" },
  { name: "5xx", of: ["5xx", "broken"], colour: "--red" },
] as const;

const ENDED: readonly Name[] = CLASSES.flatMap(({ of }) => [...of]);

/** Stacked from the top: the highest sum is drawn first, so that lower ones cover it. */
function stacked(charted: Charted): AlignedData {
  const sums = CLASSES.map((_, index) => CLASSES.slice(0, index + 1).flatMap(({ of }) => [...of]))
    .map((names) => charted.at.map((_, sample) => sumAt(charted, names, sample)));
  return [[...charted.at], ...sums.reverse()];
}

function linesOf(...names: readonly Name[]): (charted: Charted) => AlignedData {
  return ({ at, series }) => [[...at], ...names.map((name) => [...series[name]])];
}

function pointedTime({ at }: Charted, sample: number, { pointed }: Store): string | undefined {
  return pointed.value === undefined ? undefined : clock(1000 * (at[sample] ?? 0));
}

function time(ms: number | null | undefined): string {
  return ms === null || ms === undefined ? "–" : milliseconds(ms);
}

/** The four charts. */
export const SUBJECTS: readonly Subject[] = [
  {
    title: "Requests",
    unit: "/s",
    needs: [...ENDED, "left"],
    lines: CLASSES.map(({ colour }) => ({ colour, fill: 22 })).reverse(),
    data: stacked,
    figure: (charted, sample, store) => ({
      main: number(sumAt(charted, ENDED, sample)),
      unit: "/s",
      parts: CLASSES.flatMap(({ name, of, colour }) => {
        const rate = sumAt(charted, of, sample);
        return rate === 0 ? [] : [{ text: `${name} ${number(rate)}`, colour }];
      }),
      at: pointedTime(charted, sample, store),
    }),
  },
  {
    title: "Latency",
    unit: "",
    needs: ["p99Ms"],
    lines: [{ colour: "--violet" }, { colour: "--blue" }, { colour: "--green" }],
    data: linesOf("p99Ms", "p50Ms", "replicaP99Ms"),
    figure: (charted, sample, store) => ({
      main: time(charted.series.p50Ms[sample]),
      unit: "p50",
      parts: [
        { text: `p99 ${time(charted.series.p99Ms[sample])}`, colour: "--violet" },
        { text: `p99 in replicas ${time(charted.series.replicaP99Ms[sample])}`, colour: "--green" },
        ...(charted.series.holdP99Ms[sample] === null
          ? []
          : [{ text: `p99 on hold ${time(charted.series.holdP99Ms[sample])}` }]),
      ],
      at: pointedTime(charted, sample, store),
    }),
  },
  {
    title: "Healing",
    unit: "held/s",
    needs: ["held", "retried", "spilled", "lost", "holding"],
    lines: [{ colour: "--amber", fill: 16 }, { colour: "--violet" }, { colour: "--red" }],
    data: linesOf("held", "retried", "lost"),
    figure: (charted, sample, store) => {
      const { held, retried, lost, holding } = charted.series;
      const waiting = store.pointed.value === undefined
        ? store.load.value?.holding ?? 0
        : holding[sample] ?? 0;
      return {
        main: number(held[sample] ?? 0),
        unit: "held/s",
        parts: [
          ...(waiting > 0 ? [{ text: `${number(waiting)} waiting`, colour: "--amber" }] : []),
          { text: `${number(retried[sample] ?? 0)} retried/s`, colour: "--violet" },
          { text: `${number(lost[sample] ?? 0)} lost/s`, colour: "--red" },
        ],
        at: pointedTime(charted, sample, store),
      };
    },
  },
  {
    title: "Connections",
    unit: "",
    needs: ["connections", "receivedBytes", "sentBytes"],
    lines: [{ colour: "--blue", fill: 16 }],
    data: linesOf("connections"),
    figure: (charted, sample, store) => ({
      main: number(charted.series.connections[sample] ?? 0),
      unit: "clients",
      parts: [
        { text: `in ${throughput(charted.series.receivedBytes[sample] ?? 0)}` },
        { text: `out ${throughput(charted.series.sentBytes[sample] ?? 0)}` },
      ],
      at: pointedTime(charted, sample, store),
    }),
  },
];

/** The figures above a chart. */
export function Figures({ value, brief }: {
  readonly value: Figure | undefined;
  /** Without the figures in small letters. */
  readonly brief: boolean;
}): JSX.Element {
  return (
    <>
      <p class="figure">
        <strong>{value?.main ?? "–"}</strong>
        <span class="soft">{value?.unit}</span>
        {value?.at !== undefined && <span class="soft at">at {value.at}</span>}
      </p>
      {!brief && (
        <p class="parts">
          {value?.parts.map(({ text, colour }) => (
            <span key={text.replace(/[\d.,k]+/g, "")}>
              {colour && <span class="dot" style={{ background: `var(${colour})` }} />}
              {text}
            </span>
          ))}
        </p>
      )}
    </>
  );
}
