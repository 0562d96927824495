/**
 * The result of the last drill, until it is dismissed.
 *
 * @module
 */
import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import type { DrillReport } from "../../answers/incident.ts";
import { counted, milliseconds } from "./format.ts";
import { type ShownDrill, useStore } from "./store.ts";
import { useKeptFocus } from "./use_kept_focus.ts";

/** The card of the drill. */
export function DrillPanel(): JSX.Element | null {
  const { drill } = useStore();
  return drill.value ? <Shown {...drill.value} /> : null;
}

function Shown({ name, report }: ShownDrill): JSX.Element {
  const { drill } = useStore();
  const element = useRef<HTMLElement>(null);
  useKeptFocus(element);
  const dismiss = () => drill.value = undefined;
  const tone = report === undefined ? "" : report.passed ? "good" : "bad";
  return (
    <section ref={element} class={`card progress ${tone}`} aria-labelledby="drill-title">
      <header>
        <h2 id="drill-title">Drill</h2>
        <span role="status">
          {report ? drillText(name, report) : `${name} is killed under load…`}
        </span>
        {report && (
          <button type="button" aria-label="Dismiss drill" onClick={dismiss}>Dismiss</button>
        )}
      </header>
      {report && <Result report={report} />}
    </section>
  );
}

function drillText(name: string, { passed, missed, load, incident }: DrillReport): string {
  const released = incident?.timings.release ?? null;
  const healed = released === null ? "" : `, full ring after ${milliseconds(released)}`;
  const outcome = passed ? "passed" : `failed (${missed.join("; ")})`;
  return `Drill on ${name} ${outcome}: ${
    counted(load.requests, "request")
  }, ${load.lost} lost${healed}`;
}

function Result({ report: { load, objective, incident } }: {
  readonly report: DrillReport;
}): JSX.Element {
  const { held = 0, retried = 0, spilled = 0, longestHoldMs = 0 } = incident?.requests ?? {};
  return (
    <dl class="facts">
      <dt>Objective</dt>
      <dd>
        at most {objective.lost} lost, full ring within {milliseconds(objective.fullRingMs)}
        {objective.p99Ms === undefined ? "" : `, p99 below ${milliseconds(objective.p99Ms)}`}
      </dd>
      <dt>Latency</dt>
      <dd>
        p50 {milliseconds(load.p50Ms)}, p99 {milliseconds(load.p99Ms)}, slowest{" "}
        {milliseconds(load.slowestMs)}
      </dd>
      <dt>Healing</dt>
      <dd>
        {held} held (longest {milliseconds(longestHoldMs)}); {retried} retried; {spilled}{" "}
        answered by another replica
      </dd>
    </dl>
  );
}
