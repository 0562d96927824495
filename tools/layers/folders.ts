/**
 * Checks imports between folders against their order, and finds cycles. Pure: files and their
 * imports go in, violations come out.
 *
 * @module
 */
import { isExempt, type Source } from "./check.ts";
import { FOLDER_ORDER, FOLDERS_APART } from "./table.ts";

/** Imports from one folder to another; a standalone file counts as a folder. */
interface Edge {
  readonly from: string;
  readonly to: string;
  /** The first such import, as `file:line`. */
  readonly at: string;
}

/**
 * Returns every import that the order of folders forbids, and every cycle of folders.
 *
 * @param sources the files
 * @returns violations, each as `file:line: fault`, or without a line for a cycle
 */
export function folderViolations(sources: readonly Source[]): string[] {
  const edges = edgesBetweenFolders(sources);
  return [...edges.flatMap(upwardImport), ...cyclesOf(edges)];
}

/** The folder of a file, or the file itself if the table lists it separately. */
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

/** An import of a folder on a higher or the same level. */
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
