/**
 * The view of the ring.
 *
 * @module
 */
import { useSignal } from "@preact/signals";
import type { JSX, TargetedPointerEvent } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { counted, percent, shortened } from "./format.ts";
import { PlanPanel } from "./plan_panel.tsx";
import { runAt, slotAt } from "./ring_geometry.ts";
import { bandAt, bandsOf } from "./ring_bands.ts";
import { RingPainter } from "./ring_painter.ts";
import { type Picture, samePicture, shareArcs } from "./ring_picture.ts";
import { type Store, useStore } from "./store.ts";
import { useWidth } from "./use_size.ts";

/** The part under the pointer. */
interface Hint {
  readonly text: string;
  readonly x: number;
  readonly y: number;
}

/** The card with the ring. */
export function RingView(): JSX.Element {
  const store = useStore();
  const frame = useRef<HTMLDivElement>(null);
  const base = useRef<HTMLCanvasElement>(null);
  const over = useRef<HTMLCanvasElement>(null);
  const hint = useSignal<Hint | undefined>(undefined);
  const size = useWidth(frame);
  const picture = usePicture(store);
  const owner = picture?.owners.findIndex(({ name }) => name === store.marked.value) ?? -1;
  const slot = store.explained.value?.slot;

  useEffect(() => {
    if (base.current && size > 0 && picture) new RingPainter(base.current, size, picture).draw();
  }, [size, picture]);
  useEffect(() => {
    if (!over.current || size === 0 || !picture) return;
    const painter = new RingPainter(over.current, size, picture);
    if (owner >= 0) painter.mark(owner);
    if (slot !== undefined) painter.point(slot);
  }, [size, picture, owner, slot]);

  const point = (event: TargetedPointerEvent<HTMLElement>) => {
    const at = picture && pointed(picture, event, size);
    hint.value = at?.hint;
    store.marked.value = at?.name;
  };
  const leave = () => hint.value = store.marked.value = undefined;
  return (
    <section class="card ring" aria-labelledby="ring-title">
      <header>
        <h2 id="ring-title">Ring</h2>
        <button type="button" onClick={() => store.dialog.value = { of: "shape" }}>Reshape…</button>
      </header>
      <div
        ref={frame}
        class={owner >= 0 ? "ring-frame marked" : "ring-frame"}
        role="img"
        aria-label={description(picture)}
        onPointerMove={point}
        onPointerLeave={leave}
      >
        <canvas ref={base} />
        <canvas ref={over} class="over" />
        <Centre picture={picture} />
        {hint.value && (
          <div class="hint" style={{ left: `${hint.value.x}px`, top: `${hint.value.y}px` }}>
            {hint.value.text}
          </div>
        )}
      </div>
      {store.plan.value ? <PlanPanel /> : <Legend picture={picture} size={size} />}
    </section>
  );
}

/** The picture is redrawn when it would look different, not with every version of the view. */
function usePicture(store: Store): Picture | undefined {
  const { ring, plan, theme, slots, runs } = store;
  const kept = useRef<Picture | undefined>(undefined);
  const moves = useMemo(
    () => plan.value?.moves?.map((move) => ({ ...move, colour: store.colour(move.owner) })),
    [plan.value, theme.value],
  );
  const picture = useMemo(() => {
    if (!ring.value) return undefined;
    const paint = getComputedStyle(document.documentElement);
    return {
      slots: ring.value.slots,
      owners: ring.value.members.map(({ name, ready }) => ({
        name,
        ready,
        colour: store.colour(name),
        slots: slots.value.get(name) ?? 0,
      })),
      runs: runs.value,
      virtualServers: ring.value.virtualServers,
      moves,
      ink: paint.getPropertyValue("--ink-soft").trim(),
      paper: paint.getPropertyValue("--sunk").trim(),
    };
  }, [ring.value, moves, theme.value]);
  if (!picture || !kept.current || !samePicture(kept.current, picture)) kept.current = picture;
  return kept.current;
}

function pointed(
  { slots, runs, owners }: Picture,
  event: TargetedPointerEvent<HTMLElement>,
  size: number,
): { readonly name: string; readonly hint: Hint } | undefined {
  const box = event.currentTarget.getBoundingClientRect();
  const [x, y] = [event.clientX - box.left, event.clientY - box.top];
  const [dx, dy] = [x - size / 2, y - size / 2];
  const band = bandAt(Math.hypot(dx, dy) / (size / 2), bandsOf(runs.length, size));
  if (!band) return undefined;
  const slot = slotAt(dx, dy, slots);
  const index = band === "slots"
    ? runAt(runs, slot)?.owner
    : shareArcs(owners).find(({ from, to }) => slot >= from && slot < to)?.owner;
  const owner = owners[index ?? -1];
  if (!owner) return undefined;
  const text = band === "slots"
    ? `slot ${slot}: ${owner.name}`
    : `${owner.name}: ${counted(owner.slots, "slot")}, ${percent(owner.slots / slots)}`;
  return { name: owner.name, hint: { text, x, y } };
}

function description(picture: Picture | undefined): string {
  if (!picture) return "The ring is not known yet";
  const away = picture.owners.filter(({ ready }) => !ready).map(({ name }) => name);
  const owners = `${counted(picture.slots, "slot")} shared by ${
    counted(picture.owners.length, "replica")
  }`;
  return `Ring of ${owners}; ${
    away.length === 0 ? "all are ready" : `not ready: ${away.join(", ")}`
  }. The table of replicas has the same data.`;
}

/** The replica that is marked by the pointer or the focus, otherwise the whole ring. */
function Centre({ picture }: { readonly picture: Picture | undefined }): JSX.Element | null {
  const { marked } = useStore();
  const owner = picture?.owners.find(({ name }) => name === marked.value);
  if (!picture || !owner) return <WholeRing />;
  return (
    <div class="centre" aria-hidden="true">
      <strong>{percent(owner.slots / picture.slots)}</strong>
      <span class="name">{shortened(owner.name, NAME_LENGTH)}</span>
      <small>{counted(owner.slots, "slot")}</small>
      <small>{owner.ready ? "ready" : "not ready"}</small>
    </div>
  );
}

/** Characters of a name that fit in the centre. */
const NAME_LENGTH = 14;

function WholeRing(): JSX.Element | null {
  const { status, ring, live } = useStore();
  if (!status.value || !ring.value) return null;
  const { ready, desired } = status.value;
  const { slots, layout, digest } = ring.value;
  const lost = live.value === "lost";
  const tone = lost || desired === 0 ? "soft" : ready < desired ? "bad" : "";
  return (
    <div class="centre" aria-hidden="true">
      <strong class={tone}>{desired === 0 ? "–" : `${ready}/${desired}`}</strong>
      <span>{desired === 0 ? "no replicas" : lost ? "were ready" : "ready"}</span>
      <small>{slots} slots · {layout}</small>
      <small class="mono">{digest.slice(0, 8)}</small>
    </div>
  );
}

/** Three words, and one for the layout that has virtual servers. */
function Legend({ picture, size }: {
  readonly picture: Picture | undefined;
  readonly size: number;
}): JSX.Element {
  const coarse = picture !== undefined && bandsOf(picture.runs.length, size).coarse;
  const signs = [
    { word: coarse ? "marked slots" : "slots", sign: coarse ? "inner" : "outer" },
    { word: "shares", sign: coarse ? "outer" : "inner" },
    { word: "unready", sign: "away" },
    ...(coarse || !picture?.virtualServers.length
      ? []
      : [{ word: "virtual servers", sign: "tick" }]),
  ];
  return (
    <ul class="legend">
      {signs.map(({ word, sign }) => (
        <li key={word}>
          <span class={`sign ${sign}`} aria-hidden="true" /> {word}
        </li>
      ))}
    </ul>
  );
}
