/**
 * Finds exports that no other file imports. Pure: files go in, names come out.
 *
 * @module
 */

/** A source file. */
export interface SourceFile {
  /** Path from the project's root. */
  readonly path: string;
  readonly text: string;
}

/** An exported name. */
export interface Export {
  readonly path: string;
  readonly line: number;
  readonly name: string;
}

/** Marks every name of a file as imported: `import *`, `export *` and `import()`. */
const ALL = "*";

const DECLARED =
  /^export (?:declare )?(?:abstract )?(?:async )?(?:function\*?|class|const|let|interface|type|enum) (\w+)/gm;
const LISTED = /^(import|export) (?:type )?(?:\w+, )?\{([^}]*)\} from "([^"]+)"/gm;
const WHOLE =
  /(?:^import \* as \w+ from|^export \*(?: as \w+)? from|\bimport\(|\bnew URL\() *"([^"]+)"/gm;

/**
 * Returns the exports that no other file imports.
 *
 * @param files all files of the project
 * @param resolve resolves an import, from the importing file's path and the specifier
 */
export function deadExports(
  files: readonly SourceFile[],
  resolve: (from: string, specifier: string) => string | undefined,
): Export[] {
  const used = new Set<string>();
  for (const { path, text } of files) {
    for (const [specifier, name] of importsIn(text)) {
      used.add(`${resolve(path, specifier)} ${name}`);
    }
  }
  return files.flatMap(exportsIn).filter(({ path, name }) =>
    !used.has(`${path} ${name}`) && !used.has(`${path} ${ALL}`)
  );
}

/** The names that a file imports or re-exports, each with its specifier. */
function importsIn(text: string): [specifier: string, name: string][] {
  const listed = [...text.matchAll(LISTED)].flatMap(([, , names = "", specifier = ""]) =>
    namesIn(names).map(([name]): [string, string] => [specifier, name])
  );
  const whole = [...text.matchAll(WHOLE)];
  return [...listed, ...whole.map(([, specifier = ""]): [string, string] => [specifier, ALL])];
}

function exportsIn({ path, text }: SourceFile): Export[] {
  const at = (index: number) => text.slice(0, index).split("\n").length;
  const declared = [...text.matchAll(DECLARED)].map(({ 1: name = "", index }) => ({
    ...{ path, name, line: at(index) },
  }));
  const again = [...text.matchAll(LISTED)].filter(([, keyword]) => keyword === "export");
  return [
    ...declared,
    ...again.flatMap(({ 2: names = "", index }) =>
      namesIn(names).map(([, name]) => ({ path, name, line: at(index) }))
    ),
  ];
}

/** Parses `a, type b as c` into pairs of exported and local name. */
function namesIn(list: string): [there: string, here: string][] {
  const items = list.split(",").map((item) => item.trim().replace(/^type /, ""));
  return items.filter((item) => item !== "").map((item) => {
    const [there = "", here = there] = item.split(" as ");
    return [there, here];
  });
}
