/**
 * Checks files against the table of layers. Pure: files and their imports go in, violations come
 * out.
 *
 * @module
 */
import {
  IMPURE,
  PURE_ROOMS,
  RESERVED_GLOBALS,
  RESERVED_PACKAGES,
  WITHOUT_PACKAGES,
} from "./reserved.ts";
import { type Room, ROOMS, TEST_HELPERS } from "./table.ts";

/** One import of a source file. */
export interface Import {
  readonly line: number;
  /** Path from the project's root, or a specifier such as `npm:dockerode@5.0.1`. */
  readonly target: string;
  /** True for `import type` and `export type`. */
  readonly typeOnly: boolean;
}

/** A source file and its imports. */
export interface Source {
  /** Path from the project's root. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

/** True for files without import rules. */
export function isExempt(path: string): boolean {
  return /^(?:bench|tests|tools)\//.test(path) || isTestFile(path);
}

/** True for tests, their helpers and their data. */
export function isTestFile(path: string): boolean {
  return /_test\.ts$/.test(path) || path.includes("/testdata/") || TEST_HELPERS.includes(path);
}

/**
 * Returns the room of a file: of all matching rooms, the one with the longest path.
 *
 * @param path path from the project's root
 */
export function roomOf(path: string): Room | undefined {
  const matches = ROOMS.flatMap((room) =>
    room.paths.filter((prefix) =>
      prefix === path || (prefix.endsWith("/") && path.startsWith(prefix))
    )
      .map((prefix) => ({ room, length: prefix.length }))
  );
  return matches.sort((a, b) => b.length - a.length)[0]?.room;
}

/**
 * Returns a file's violations of the table, each as `file:line: fault; legal imports`.
 *
 * @param source the file
 */
export function violationsOf(source: Source): string[] {
  const room = roomOf(source.path);
  if (isExempt(source.path) || !room) return [];
  const faults = source.imports.flatMap((item) => {
    const fault = importFault(room, source.path, item);
    return fault ? [`${source.path}:${item.line}: imports ${item.target}; ${fault}`] : [];
  });
  return [...faults, ...globalFaults(room, source)];
}

function importFault(room: Room, path: string, item: Import): string | undefined {
  const isPackage = /^(?:npm|jsr|node|https?):/.test(item.target);
  return isPackage ? packageFault(room, path, item.target) : roomFault(room, item);
}

function packageFault(room: Room, path: string, specifier: string): string | undefined {
  if (WITHOUT_PACKAGES.includes(room.name)) return `${room.name} imports no packages`;
  const reserved = RESERVED_PACKAGES.find(({ name }) =>
    new RegExp(`^npm:/?(?:@types/)?${name}(?:@|/|$)`).test(specifier)
  );
  if (!reserved || reserved.to.includes(path)) return undefined;
  return `${reserved.what} is for ${reserved.to.join(", ")} alone`;
}

function roomFault(room: Room, { target, typeOnly }: Import): string | undefined {
  const other = roomOf(target);
  if (isTest(target)) return "a test is imported by tests alone";
  if (!other || other === room || room.imports.includes(other.name)) return undefined;
  if (room.importsTypes?.includes(other.name)) {
    return typeOnly
      ? undefined
      : `${room.name} may import types of ${other.name} only (import type)`;
  }
  return `${room.name} may import ${legal(room)}, not ${other.name}`;
}

function isTest(path: string): boolean {
  return isExempt(path) && !path.startsWith("std/");
}

function legal(room: Room): string {
  const types = (room.importsTypes ?? []).map((name) => `${name} (types only)`);
  return ["only itself", ...room.imports, ...types].join(", ");
}

function globalFaults(room: Room, { path, text }: Source): string[] {
  const faults: string[] = [];
  for (const [index, line] of withoutComments(text).split("\n").entries()) {
    const report = (fault: string) => faults.push(`${path}:${index + 1}: ${fault}`);
    for (const { pattern, what, to } of RESERVED_GLOBALS) {
      if (pattern.test(line) && !to.includes(path)) report(`${what} is for ${to.join(", ")} alone`);
    }
    const impure = PURE_ROOMS.includes(room.name) ? IMPURE.exec(line)?.[0] : undefined;
    if (impure) report(`uses ${impure}; ${room.name} is pure: no I/O and no clock`);
  }
  return faults;
}

/** Blanks comments and keeps their line breaks, so that line numbers stay correct. */
function withoutComments(text: string): string {
  const blank = (comment: string) => comment.replace(/[^\n]/g, " ");
  return text.replace(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/[^\n]*/g, blank);
}
