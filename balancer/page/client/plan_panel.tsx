/**
 * The panel of a plan, beside the ring that shows its moves.
 *
 * @module
 */
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useActions } from "./actions.ts";
import { counted, percent } from "./format.ts";
import type { Plan } from "../../answers/ring.ts";
import { useStore } from "./store.ts";
import { useKeptFocus } from "./use_kept_focus.ts";

/** Limit on the listed flows. */
const FLOWS = 6;

/** The plan that is shown. */
export function PlanPanel(): JSX.Element | null {
  const store = useStore();
  const { apply, busy, error } = useActions();
  const heading = useRef<HTMLHeadingElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  useKeptFocus(panel);
  const shown = store.plan.value;
  // The dialog that requested the plan is gone: the focus moves here, for keyboards and screen
  // readers.
  useEffect(() => heading.current?.focus(), [shown?.plan.id]);
  if (!shown) return null;
  const { plan, moves } = shown;
  const drop = () => store.plan.value = undefined;
  return (
    <div ref={panel} class="plan">
      <h3 ref={heading} tabIndex={-1}>Plan: {percent(plan.moved.share)} of the keys would move</h3>
      <p>{summary(plan)}</p>
      <Flows plan={plan} />
      {!moves && (
        <p class="soft">
          The page cannot draw this plan, because the balancer builds another ring. The figures are
          the balancer's.
        </p>
      )}
      {error.value && <p class="error" role="alert">{error.value}</p>}
      <div class="buttons">
        <button type="button" class="primary" disabled={busy.value} onClick={() => apply(plan.id)}>
          {busy.value ? "Applying…" : "Apply"}
        </button>
        <button type="button" disabled={busy.value} onClick={drop}>Discard</button>
      </div>
    </div>
  );
}

function summary({ add, remove, before, after, moved }: Plan): string {
  const parts: string[] = [];
  if (add.length > 0) parts.push(`adds ${add.join(", ")}`);
  if (remove.length > 0) parts.push(`removes ${remove.join(", ")}`);
  if (before.slots !== after.slots) parts.push(`${before.slots} to ${after.slots} slots`);
  if (before.layout !== after.layout) parts.push(`layout ${before.layout} to ${after.layout}`);
  if (before.hashes !== after.hashes) parts.push(`hashes ${before.hashes} to ${after.hashes}`);
  parts.push(`${counted(after.members, "replica")} afterwards`);
  const [first = "", ...rest] = parts;
  const changes = [first.charAt(0).toUpperCase() + first.slice(1), ...rest].join("; ");
  return `${changes}. ${percent(moved.ids)} of the ids 0 to 9999 move. Largest share relative to ` +
    `the weights: ${before.maxOverMean.toFixed(2)} now, ${
      after.maxOverMean.toFixed(2)
    } afterwards.`;
}

function Flows({ plan: { moved } }: { readonly plan: Plan }): JSX.Element {
  const rest = moved.flows.length + moved.flowsLeftOut - FLOWS;
  return (
    <ul class="flows">
      {moved.flows.slice(0, FLOWS).map(({ from, to, share }) => (
        <li key={`${from} ${to}`}>
          <Swatch name={from} /> → <Swatch name={to} /> <span class="soft">{percent(share)}</span>
        </li>
      ))}
      {rest > 0 && <li class="soft">and {rest} smaller moves</li>}
    </ul>
  );
}

/** A replica's name with its colour. */
export function Swatch({ name }: { readonly name: string | null }): JSX.Element {
  const store = useStore();
  if (name === null) return <span>none</span>;
  return (
    <span class="swatched">
      <span class="swatch" style={{ background: store.colour(name) }} />
      {name}
    </span>
  );
}
