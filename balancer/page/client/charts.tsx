/**
 * Traffic of the last minutes, by second.
 *
 * @module
 */
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { number } from "./format.ts";
import type { Point } from "./rates.ts";
import { useStore } from "./store.ts";
import { useWidth } from "./use_size.ts";

const HEIGHT = 96;
/** Seconds that a chart shows. */
const SECONDS = 300;

/** One chart. */
interface Subject {
  readonly title: string;
  readonly unit: string;
  readonly colour: string;
  readonly of: (point: Point) => number;
  /** A note beside the number. */
  readonly note?: (point: Point) => string;
}

const SUBJECTS: readonly Subject[] = [
  { title: "Requests", unit: "/s", colour: "--blue", of: ({ requests }) => requests },
  { title: "Errors", unit: "/s", colour: "--red", of: ({ errors }) => errors },
  {
    title: "Held",
    unit: "/s",
    colour: "--amber",
    of: ({ held }) => held,
    note: ({ holding }) => holding > 0 ? `${number(holding)} waiting now` : "",
  },
  { title: "Retried", unit: "/s", colour: "--violet", of: ({ retried }) => retried },
];

/** The row of charts. */
export function Charts(): JSX.Element {
  const { load } = useStore();
  return (
    <section class="charts" aria-label="Traffic">
      {load.value === null
        ? <p class="card empty">No load figures: this balancer has no GET /_lb/load.</p>
        : SUBJECTS.map((subject) => <Chart key={subject.title} subject={subject} />)}
    </section>
  );
}

function Chart({ subject }: { readonly subject: Subject }): JSX.Element {
  const { points, theme } = useStore();
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const width = useWidth(frame);
  const last = points.value.at(-1);
  const value = last ? number(subject.of(last)) : "–";
  const note = (last && subject.note?.(last)) ?? "";

  useEffect(() => {
    if (!frame.current || width === 0) return;
    const chart = new uPlot(options(subject, width), dataOf(subject, points.peek()), frame.current);
    plot.current = chart;
    return () => {
      plot.current = undefined;
      chart.destroy();
    };
  }, [width > 0, theme.value]);
  useEffect(() => plot.current?.setSize({ width, height: HEIGHT }), [width]);
  useEffect(() => plot.current?.setData(dataOf(subject, points.value)), [points.value]);
  return (
    <div class="card chart">
      <h2>{subject.title}</h2>
      <p class="figure">
        <strong>{value}</strong>
        <span class="soft">{subject.unit}</span>
        {note && <span class="note">{note}</span>}
      </p>
      <div
        ref={frame}
        class="plot"
        role="img"
        aria-label={`${subject.title} per second in the last five minutes, now ${value}`}
      />
    </div>
  );
}

function dataOf({ of }: Subject, points: readonly Point[]): uPlot.AlignedData {
  return [points.map(({ at }) => at), points.map(of)];
}

function options({ colour }: Subject, width: number): uPlot.Options {
  const paint = getComputedStyle(document.documentElement);
  const read = (name: string) => paint.getPropertyValue(name).trim();
  const font = "10px system-ui, sans-serif";
  const axis = { stroke: read("--ink-soft"), font, ticks: { show: false } };
  const grid = { stroke: read("--line"), width: 1 };
  return {
    width,
    height: HEIGHT,
    padding: [6, 2, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, sync: { key: "load" } },
    scales: {
      x: { range: (_, __, max) => [max - SECONDS, max] },
      // From zero, and with a minimum range, so that noise does not fill the chart.
      y: { range: (_, __, max) => [0, Math.max(1, max * 1.15)] },
    },
    axes: [
      { ...axis, size: 18, gap: 2, grid: { show: false }, splits: marks, values: ago },
      { ...axis, size: 34, gap: 3, space: 26, grid, values: (_, marks) => marks.map(number) },
    ],
    series: [{}, {
      stroke: read(colour),
      width: 1.5,
      fill: `color-mix(in oklab, ${read(colour)} 16%, transparent)`,
      points: { show: false },
    }],
  };
}

/** Labels under a chart, in minutes ago. */
const MARKS = [4, 2];

function marks({ scales }: uPlot): number[] {
  const now = scales["x"]?.max ?? 0;
  return MARKS.map((minutes) => now - 60 * minutes);
}

function ago(): string[] {
  return MARKS.map((minutes) => `−${minutes} min`);
}
