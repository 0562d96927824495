/**
 * Holds imports between folders to their order, and finds cycles. Pure: files and their imports go
 * in, violations come out.
 *
 * @module
 */
import { isExempt, type Source } from "./check.ts";
import { FOLDER_ORDER, FOLDERS_APART, TOLERATED } from "./table.ts";

/** Imports from one folder to another; a file that stands alone counts as a folder. */
interface Edge {
  readonly from: string;
  readonly to: string;
  /** The first import that makes it, as `file:line`. */
  readonly at: string;
}

/**
 * Everything that the folders do against the table.
 *
 * @param sources the files
 * @param tolerated imports that are not held to the order, as `[from, to]`
 * @returns violations, each as `file:line: what`, and entries of the allow-list that are not needed
 */
export function folderViolations(
  sources: readonly Source[],
  tolerated: typeof TOLERATED = TOLERATED,
): string[] {
  const edges = edgesBetweenFolders(sources);
  const allowed = new Set(tolerated.map(([from, to]) => `${from} ${to}`));
  const strict = edges.filter(({ from, to }) => !allowed.has(`${from} ${to}`));
  return [...strict.flatMap(upwardImport), ...cyclesOf(strict), ...unneeded(edges, tolerated)];
}

/** The folder that a file belongs to, or the file where the table lists it apart. */
export function folderOf(path: string): string {
  return FOLDERS_APART.includes(path) ? path : path.slice(0, path.lastIndexOf("/") + 1);
}

function edgesBetweenFolders(sources: readonly Source[]): Edge[] {
  const edges = new Map<string, Edge>();
  for (const { path, imports } of sources) {
    if (isExempt(path)) continue;
    const from = folderOf(path);
    for (const { target, line } of imports) {
      if (/^\w+:/.test(target) || isExempt(target)) continue;
      const to = folderOf(target);
      const key = `${from} ${to}`;
      if (to !== from && !edges.has(key)) edges.set(key, { from, to, at: `${path}:${line}` });
    }
  }
  return [...edges.values()];
}

/** An import of a folder that stands above, or on the same level of the order. */
function upwardImport({ from, to, at }: Edge): string[] {
  for (const [parent, levels] of Object.entries(FOLDER_ORDER)) {
    const [a, b] = [levelOf(from, parent, levels), levelOf(to, parent, levels)];
    if (a === undefined || b === undefined || a < b) continue;
    return [`${at}: ${from} may not import ${to}, which is not below it in the order of ${parent}`];
  }
  return [];
}

function levelOf(
  folder: string,
  parent: string,
  levels: readonly (readonly string[])[],
): number | undefined {
  if (!folder.startsWith(parent)) return undefined;
  const name = folder.slice(parent.length).replace(/\/$/, "") || ".";
  const level = levels.findIndex((names) => names.includes(name));
  return level === -1 ? undefined : level;
}

/** One line for each set of folders that reach each other. */
function cyclesOf(edges: readonly Edge[]): string[] {
  const next = Map.groupBy(edges, ({ from }) => from);
  const reached = new Map([...next.keys()].map((folder) => [folder, reachableFrom(folder, next)]));
  const cycles = new Set<string>();
  for (const [folder, others] of reached) {
    if (!others.has(folder)) continue;
    const members = [...others].filter((other) => reached.get(other)?.has(folder)).sort();
    cycles.add(`folders import each other in a cycle: ${members.join(", ")}`);
  }
  return [...cycles];
}

function reachableFrom(start: string, next: ReadonlyMap<string, readonly Edge[]>): Set<string> {
  const reached = new Set<string>();
  const open = [start];
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    for (const { to } of next.get(folder) ?? []) {
      if (reached.has(to)) continue;
      reached.add(to);
      open.push(to);
    }
  }
  return reached;
}

/** The allow-list only shrinks. */
function unneeded(edges: readonly Edge[], tolerated: typeof TOLERATED): string[] {
  const existing = new Set(edges.map(({ from, to }) => `${from} ${to}`));
  return tolerated.filter(([from, to]) => !existing.has(`${from} ${to}`))
    .map(([from, to]) => `tools/layers/table.ts: remove ${from} -> ${to} from TOLERATED`);
}
