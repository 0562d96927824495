/**
 * The names of the product that documents mention: settings, verbs with options, calls, tasks,
 * targets of make and metrics. Pure: text goes in, names come out.
 *
 * @module
 */

/** A mention of a verb of the command line program. */
export interface VerbMention {
  readonly verb: string;
  /** Its long options. */
  readonly options: readonly string[];
}

/** Settings that a text names; a prefix such as `LB_TLS_*` is none. */
export function settingsIn(text: string): string[] {
  return [...text.matchAll(/\bLB_[A-Z0-9_]*[A-Z0-9]\b(?![*_]|\.\.\.)/g)].map(([name]) => name);
}

/** Verbs at the beginning of a command: `ringkeeper VERB`, with the options behind them. */
export function verbsIn(text: string): VerbMention[] {
  return codeOf(text).flatMap((code) =>
    [...code.matchAll(/^(?:LB_\w+=\S* )*(?:\.\/)?ringkeeper ([a-z][a-z-]*)([^#\n|]*)/gm)].map(
      ([, verb = "", rest = ""]) => ({ verb, options: optionsIn(rest) }),
    )
  );
}

/** Long options of a command; quoted words are arguments. */
function optionsIn(rest: string): string[] {
  const words = rest.replace(/'[^']*'|"[^"]*"/g, "");
  return [...words.matchAll(/(?:^|\s)(--[a-z][a-z-]*)/g)].map(([, option = ""]) => option);
}

/** Paths of calls in code, each with the method before it, if any. */
export function callsIn(text: string): { readonly method: string | undefined; path: string }[] {
  return codeOf(text).flatMap((code) =>
    [...code.matchAll(
      /(?:\b(GET|POST|PUT|PATCH|DELETE) )?(?<![\w.])(?:[\w.-]+:\d+)?(\/_lb(?:\/\w[\w.:-]*)*)(?!\/\.)/g,
    )]
      .map(([, method, path = ""]) => ({ method, path }))
  );
}

/** Tasks of deno.json in code. */
export function tasksIn(text: string): string[] {
  return codeOf(text).flatMap((code) =>
    [...code.matchAll(/\bdeno task (?:-q |--quiet )?([a-z][a-z:-]*)/g)].map(([, task = ""]) => task)
  );
}

/** Targets of the Makefile in code. */
export function targetsIn(text: string): string[] {
  return codeOf(text).flatMap((code) =>
    [...code.matchAll(/(?:^|[\s=])make ([a-z]+)/gm)].map(([, target = ""]) => target)
  );
}

/** Metrics in code. */
export function metricsIn(text: string): string[] {
  return codeOf(text).flatMap((code) =>
    [...code.matchAll(/\bringkeeper_[a-z_]*[a-z]\b(?!\*)/g)].map(([name]) => name)
  );
}

/** The code of a Markdown text: blocks and spans. */
function codeOf(text: string): string[] {
  const blocks = [...text.matchAll(/^```(?:sh|text|yaml)?[^\n]*\n([^]*?)^```$/gm)];
  const spans = [...text.replace(/^```[^]*?^```$/gm, "").matchAll(/`([^`]+)`/g)];
  return [...blocks, ...spans].map(([, code = ""]) => code.replace(/\s*\n\s*/g, "\n"));
}
