/**
 * The first row: requests, latency, healing and connections over time, with marks for incidents,
 * deploys and changes.
 *
 * @module
 */
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { Figures, type Subject, SUBJECTS } from "./chart_subjects.tsx";
import { MARK_COLOURS, markLines } from "./chart_marks.ts";
import { ago, counted, number } from "./format.ts";
import { type Charted, isBusy, sampleAt } from "./series.ts";
import { SPANS, type Store, useStore } from "./store.ts";
import { useWidth } from "./use_size.ts";

const HEIGHT = 96;

const SPAN_SECONDS = { "5 min": 300, "15 min": 900, "24 h": 86_400 } as const;

/** The row of charts. */
export function Charts(): JSX.Element {
  const store = useStore();
  const charted = chartedOf(store);
  return (
    <section class="traffic" aria-label="Traffic">
      <header>
        <Spans />
        <Marks />
      </header>
      <div class="charts">
        {store.load.value === null
          ? <p class="card empty">No load figures: this balancer has no GET /_lb/load.</p>
          : SUBJECTS.map((subject) => (
            <Chart key={subject.title} subject={subject} charted={charted} />
          ))}
      </div>
    </section>
  );
}

/** The series of the chosen time span. */
function chartedOf({ span, seconds, minutes }: Store): Charted | undefined {
  return span.value === "24 h" ? minutes.value : seconds.value;
}

function Spans(): JSX.Element {
  const { span } = useStore();
  return (
    <fieldset class="spans">
      <legend class="hidden">Time span of the charts</legend>
      {SPANS.map((one) => (
        <label key={one} class={span.value === one ? "chosen" : ""}>
          <input
            type="radio"
            name="span"
            checked={span.value === one}
            onChange={() => span.value = one}
          />
          {one}
        </label>
      ))}
    </fieldset>
  );
}

const KINDS = ["incident", "deploy", "change", "engine"] as const;
const NOUNS = { incident: "incident", deploy: "deploy", change: "change", engine: "engine outage" };

/** The number of marks in the time span, by kind: the key to the lines in the charts. */
function Marks(): JSX.Element {
  const { marks, now, span } = useStore();
  const from = now.value - 1000 * SPAN_SECONDS[span.value];
  const shown = marks.value.filter(({ until }) => (until ?? Infinity) >= from);
  return (
    <ul class="marks">
      {KINDS.map((kind) => {
        const own = shown.filter((mark) => mark.kind === kind);
        return own.length > 0 && (
          <li
            key={kind}
            title={own.map(({ text }) => text).slice(-8).join("\n")}
          >
            <span class="dot" style={{ background: `var(${MARK_COLOURS[kind]})` }} />
            {counted(own.length, NOUNS[kind])}
          </li>
        );
      })}
    </ul>
  );
}

function Chart({ subject, charted }: {
  readonly subject: Subject;
  readonly charted: Charted | undefined;
}): JSX.Element {
  const store = useStore();
  const seconds = SPAN_SECONDS[store.span.value];
  const end = charted?.at.at(-1) ?? 0;
  const busy = charted !== undefined && isBusy(charted, subject.needs, end - seconds);
  const sample = charted ? sampleAt(charted, store.pointed.value) : -1;
  const lost = store.live.value === "lost" && store.pointed.value === undefined;
  const value = charted && sample >= 0 && !lost
    ? subject.figure(charted, sample, store)
    : undefined;
  return (
    <div class={busy ? "card chart" : "card chart flat"}>
      <h2>{subject.title}</h2>
      <Figures value={value} brief={!busy} />
      {busy
        ? <Plot subject={subject} charted={charted} seconds={seconds} value={value?.main ?? "–"} />
        : <p class="soft">{lost ? "not connected" : `none in the last ${store.span.value}`}</p>}
    </div>
  );
}

function Plot({ subject, charted, seconds, value }: {
  readonly subject: Subject;
  readonly charted: Charted;
  readonly seconds: number;
  readonly value: string;
}): JSX.Element {
  const store = useStore();
  const { theme, span, marks } = store;
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const width = useWidth(frame);

  useEffect(() => {
    if (!frame.current || width === 0) return;
    const setup = options(subject, width, seconds, store);
    const chart = new uPlot(setup, subject.data(charted), frame.current);
    plot.current = chart;
    return () => {
      plot.current = undefined;
      chart.destroy();
    };
  }, [width > 0, theme.value, span.value]);
  useEffect(() => plot.current?.setSize({ width, height: HEIGHT }), [width]);
  useEffect(() => plot.current?.setData(subject.data(charted)), [charted, marks.value]);
  return (
    <div
      ref={frame}
      class="plot"
      role="img"
      aria-label={`${subject.title} in the last ${span.value}, now ${value} ${subject.unit}`}
    />
  );
}

function options(subject: Subject, width: number, seconds: number, store: Store): uPlot.Options {
  const paint = getComputedStyle(document.documentElement);
  const read = (name: string) => paint.getPropertyValue(name).trim();
  const font = "10px system-ui, sans-serif";
  const axis = { stroke: read("--ink-soft"), font, ticks: { show: false } };
  const grid = { stroke: read("--line"), width: 1 };
  const marks = [0.8, 0.4].map((share) => seconds * share);
  return {
    width,
    height: HEIGHT,
    padding: [6, 2, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, sync: { key: "load" } },
    scales: {
      x: { range: (_, __, max) => [max - seconds, max] },
      // From zero, and with a minimum range, so that noise does not fill the chart.
      y: { range: (_, __, max) => [0, Math.max(1, (max ?? 0) * 1.15)] },
    },
    axes: [
      {
        ...axis,
        size: 18,
        gap: 2,
        grid: { show: false },
        splits: ({ scales }) => marks.map((before) => (scales["x"]?.max ?? 0) - before),
        values: () => marks.map((before) => `−${ago(before)}`),
      },
      { ...axis, size: 38, gap: 3, space: 26, grid, values: (_, marks) => marks.map(number) },
    ],
    hooks: {
      drawAxes: [(chart) => markLines(chart, store.marks.value, read)],
      setCursor: [({ cursor: { idx }, data }) => {
        const at = idx === null || idx === undefined ? undefined : data[0]?.[idx];
        store.pointed.value = at;
      }],
    },
    series: [
      {},
      ...subject.lines.map(({ colour, fill }) => ({
        stroke: read(colour),
        width: 1.5,
        points: { show: false },
        spanGaps: true,
        ...(fill
          ? {
            fill: `color-mix(in oklab, ${read(colour)} ${fill} %, transparent)`.replace(" %", "%"),
          }
          : {}),
      })),
    ],
  };
}
