/**
 * The slots of our layouts: figures that follow from the code alone, on any machine.
 *
 * @module
 */
import { compareRings, type Layout, Ring } from "../../ring/mod.ts";
import { percent, tableOf } from "../harness/table.ts";
import { memberNames } from "./keys.ts";
import { LAYOUTS } from "./own.ts";

/** The figures of a layout with some members and slots. */
interface Figures {
  readonly layout: Layout;
  readonly slots: number;
  readonly members: number;
  /** The fullest and the emptiest member over the mean. */
  readonly most: number;
  readonly least: number;
  /** Share of the keys that move when one leaves, the mean over all members that could. */
  readonly leave: number;
  /** The part of it that moves between members that stay. */
  readonly leaveNeedless: number;
  /** The same for one that joins. */
  readonly join: number;
  readonly joinNeedless: number;
}

/** Slots and members of the table; `ring` has room for 56 members in 512 slots. */
const SIZES: readonly (readonly [slots: number, members: number])[] = [
  [512, 3],
  [512, 10],
  [512, 50],
  [4096, 100],
];

/** The figures of one layout. */
export function figuresOf(layout: Layout, slots: number, members: number): Figures {
  const names = memberNames(members);
  const ring = Ring.build({ members: names, layout, slots });
  const owned = new Array<number>(members).fill(0);
  for (const owner of ring.table) owned[owner]!++;
  const mean = slots / members;
  const newcomer = `Server${members + 1}`;
  const [leave, leaveNeedless] = meanLeave(ring);
  const join = moved(ring, ring.with({ add: [newcomer] }), newcomer);
  return {
    layout,
    slots,
    members,
    most: Math.max(...owned) / mean,
    least: Math.min(...owned) / mean,
    leave,
    leaveNeedless,
    join: join[0],
    joinNeedless: join[1],
  };
}

/** Share that moves in all, and between members that are in both rings. */
function moved(before: Ring, after: Ring, changed: string): [all: number, needless: number] {
  const { share, flows } = compareRings(before, after);
  const staying = flows.filter(({ from, to }) => from !== changed && to !== changed);
  return [share, staying.reduce((sum, flow) => sum + flow.share, 0)];
}

function meanLeave(ring: Ring): [all: number, needless: number] {
  let [sum, sumNeedless] = [0, 0];
  for (const name of ring.members) {
    const [all, needless] = moved(ring, ring.with({ remove: [name] }), name);
    sum += all;
    sumNeedless += needless;
  }
  return [sum / ring.members.length, sumNeedless / ring.members.length];
}

/** The figures of all layouts, as the ring's README has them. */
export function layoutTable(): string {
  const head = [
    "layout",
    "slots",
    "members",
    "fullest / mean",
    "emptiest / mean",
    "a leave moves",
    "needlessly",
    "a join moves",
    "needlessly",
  ];
  const rows = SIZES.flatMap(([slots, members]) =>
    LAYOUTS.map((layout) => cells(figuresOf(layout, slots, members)))
  );
  return tableOf(head, rows);
}

function cells(figures: Figures): string[] {
  const { layout, slots, members, most, least } = figures;
  const shares = [figures.leave, figures.leaveNeedless, figures.join, figures.joinNeedless];
  const sizes = [String(slots), String(members), most.toFixed(2), least.toFixed(2)];
  return [`\`${layout}\``, ...sizes, ...shares.map((share) => percent(share))];
}
