/**
 * The lines of the tables.
 *
 * @module
 */

/** A line: one number, or several that belong together. */
export interface Line {
  readonly label: string;
  readonly keys: readonly string[];
  readonly digits: number;
}

/** Of the failures of replicas. */
export const FAILURE_LINES: readonly Line[] = [
  count("failures", "struck"),
  count("of them never healed", "unhealed"),
  times("out of the view", "out"),
  times("replacement created", "create"),
  times("full ring", "full"),
  count("requests", "requests"),
  count("lost", "lost"),
  count("POSTs in flight answered 502", "refused"),
  count("POSTs in flight cut off", "cut"),
  count("of them seen by no replica", "unseen"),
  count("streams in flight broken off", "broken"),
  count("POSTs executed twice", "executedTwice"),
  count("POSTs sent to two", "sentTwice"),
  count("POSTs answered, not executed", "neverExecuted"),
  count("GETs answered elsewhere meanwhile", "elsewhere"),
  count("GETs answered elsewhere later", "strayed"),
  count("keys moved in the end", "moved"),
  count("heals that changed the digest", "digests"),
  times("GET in quiet", "quietGet", 1),
  times("GET during heals", "healGet", 1),
  times("the bench itself late", "lag", 1),
];

/** Of the balancer's own deaths. */
export const BALANCER_LINES: readonly Line[] = [
  count("kills of the balancer", "killed"),
  count("of them not converged", "unhealed"),
  times("all replicas ready", "ready"),
  times("nothing too much", "clean"),
];

function count(label: string, key: string): Line {
  return { label, keys: [key], digits: 0 };
}

/** In milliseconds. */
function times(label: string, name: string, digits = 0): Line {
  const keys = ["P50", "P99", "Max"].map((part) => `${name}${part}`);
  return { label: `${label}, ms p50 / p99 / max`, keys, digits };
}
