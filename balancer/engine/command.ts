/**
 * Turns a command line from a setting into the arguments of a process, without a shell.
 *
 * @module
 */
// @ts-types="./shell_quote.d.ts"
import { parse, type Token } from "shell-quote";

/**
 * Splits a command line into its words and fills in variables.
 *
 * ```ts
 * expandCommand("python3 -m http.server $PORT --bind $HOST", { HOST: "127.0.0.1", PORT: "18000" });
 * // ["python3", "-m", "http.server", "18000", "--bind", "127.0.0.1"]
 * ```
 *
 * @param template the command line; quotes and backslashes work as in a shell, `*` and `?` are text
 * @param env the only variables that `$NAME` and `${NAME}` can name
 * @returns the program and its arguments, at least one word
 * @throws {Error} the command line is invalid; the message is for its author
 */
export function expandCommand(template: string, env: Readonly<Record<string, string>>): string[] {
  const fault = (why: string) => new Error(`the command "${template}" ${why}`);
  if (endsInsideQuotes(template)) throw fault("has a quote or a backslash that nothing follows");
  const words = parse(template, (name) => valueOf(name, env, fault)).map((token) =>
    wordOf(token, fault)
  );
  if (!words[0]) throw fault("is empty");
  return words;
}

type Fault = (why: string) => Error;

function valueOf(name: string, env: Readonly<Record<string, string>>, fault: Fault): string {
  if (name === "") return "$";
  const value = Object.hasOwn(env, name) ? env[name] : undefined;
  if (value !== undefined) return value;
  throw fault(`names $${name}, which is not one of ${Object.keys(env).sort().join(", ")}`);
}

function wordOf(token: Token, fault: Fault): string {
  if (typeof token === "string") return token;
  if ("pattern" in token) return token.pattern;
  const operator = "op" in token ? token.op : "#";
  throw fault(`has "${operator}", but it is run by no shell; quote it, or wrap it: sh -c '...'`);
}

/** shell-quote ignores an unclosed quote, which would change the meaning of the command. */
function endsInsideQuotes(line: string): boolean {
  let quote = "";
  for (let i = 0; i < line.length; i++) {
    const char = line.charAt(i);
    if (char === "\\" && quote !== "'") {
      if (++i === line.length) return true;
    } else if (quote === "") quote = /['"]/.test(char) ? char : "";
    else if (char === quote) quote = "";
  }
  return quote !== "";
}
