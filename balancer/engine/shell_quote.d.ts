/**
 * Declarations for what the project uses of shell-quote. The package's own widen `Array.join` for
 * the whole program, so they are not used.
 */

/** A word; or an operator, a pattern for file names, a comment. */
export type Token =
  | string
  | { readonly op: "glob"; readonly pattern: string }
  | { readonly op: string }
  | { readonly comment: string };

/**
 * Splits a command line into words as a shell does.
 *
 * @param line the command line
 * @param env asked for each `$NAME` and `${NAME}`; asked for `""` where a lone `$` stands
 */
export function parse(line: string, env: (name: string) => string): Token[];
