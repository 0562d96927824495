/**
 * The effect of a change of the view on requests, beside the machine's own stalls: moments with
 * and without a change take turns within one run, and the same time behind each is compared.
 *
 * @module
 */
import type { Request } from "./h2load.ts";
import type { Metric } from "../harness/result.ts";
import type { Sample } from "./metrics.ts";

/** The event of a moment: none, a change of the ready map, or a change of the ring. */
export const KINDS = ["none", "ready", "member"] as const;

/** One of {@linkcode KINDS}. */
type Kind = typeof KINDS[number];

/** Milliseconds from one moment to the next. */
export const MARK_MS = 200;

/** Milliseconds behind a moment that count as its window. */
const WINDOW_MS = 100;

/** Milliseconds above which a request is slow. */
const SLOW_MS = 5;

/** A moment. */
interface Mark {
  readonly kind: Kind;
  /** Microseconds since 1970. */
  readonly at: number;
}

/** The columns of the scenario. */
export const VIEW_METRICS: readonly Metric[] = KINDS.flatMap((kind) => [
  { key: `${kind}Windows`, label: `${kind}: windows`, digits: 0 },
  { key: `${kind}Stalled`, label: "stalled %", digits: 1 },
  { key: `${kind}Slow`, label: `> ${SLOW_MS} ms each`, digits: 2 },
  { key: `${kind}P999`, label: "p99.9 ms", digits: 1 },
  { key: `${kind}Max`, label: "max ms", digits: 1 },
]);

/** Reads the moments from the output of `servers/view_changes.ts`. */
export function parseMarks(log: string): Mark[] {
  return [...log.matchAll(/^mark (\w+) (\d+)$/gm)]
    .map(([, kind, at]) => ({ kind: kind as Kind, at: Number(at) }));
}

/**
 * For each kind: its windows, how many of them had a slow request in percent, the slow requests of
 * a window, and the times of the requests in all its windows.
 *
 * @param marks the moments; those without load from before them to behind their window are left out
 * @param requests the requests
 */
export function compareWindows(marks: readonly Mark[], requests: readonly Request[]): Sample {
  const times = requests.map(({ start }) => start);
  const first = times.reduce((least, at) => Math.min(least, at), Infinity);
  const last = times.reduce((most, at) => Math.max(most, at), 0);
  const loaded = marks.filter(({ at }) => at > first && at + WINDOW_MS * 1000 < last);
  return Object.assign(
    {},
    ...KINDS.map((kind) => {
      const windows = loaded.filter((mark) => mark.kind === kind).map((mark) =>
        within(mark, requests)
      );
      return accountOf(kind, windows);
    }),
  );
}

/** The milliseconds of the requests that were under way in a window. */
function within({ at }: Mark, requests: readonly Request[]): number[] {
  const end = at + WINDOW_MS * 1000;
  return requests.filter(({ start, us }) => start < end && start + us > at)
    .map(({ us }) => us / 1000);
}

function accountOf(kind: Kind, windows: readonly number[][]): Sample {
  const slow = windows.map((window) => window.filter((ms) => ms > SLOW_MS).length);
  const all = Float64Array.from(windows.flat()).sort();
  return {
    [`${kind}Windows`]: windows.length,
    [`${kind}Stalled`]: 100 * slow.filter((count) => count > 0).length / windows.length,
    [`${kind}Slow`]: slow.reduce((sum, count) => sum + count, 0) / windows.length,
    [`${kind}P999`]: all[Math.ceil(all.length * 0.999) - 1] ?? NaN,
    [`${kind}Max`]: all.at(-1) ?? NaN,
  };
}
