/**
 * Declarations of the parts of shell-quote that the project uses. The package's own declarations
 * widen `Array.join` for the whole program, so they are not used.
 */

/** A word, an operator, a file name pattern or a comment. */
export type Token =
  | string
  | { readonly op: "glob"; readonly pattern: string }
  | { readonly op: string }
  | { readonly comment: string };

/**
 * Splits a command line into words as a shell does.
 *
 * @param line the command line
 * @param env called for each `$NAME` and `${NAME}`; with `""` for a lone `$`
 */
export function parse(line: string, env: (name: string) => string): Token[];
