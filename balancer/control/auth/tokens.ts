/**
 * The tokens of the API, from settings or from files that may be replaced at any time.
 *
 * @module
 */
import { errorMessage, type FailureLog } from "../../failures.ts";
import type { TokenPair } from "./credential.ts";

/** The source of one token: at most one of the two is set. */
export interface TokenSource {
  /** Name of the setting, for messages. */
  readonly setting: string;
  /** The token itself, or "". */
  readonly text: string;
  /** The file that holds it, or "". */
  readonly file: string;
  /** Whether the balancer created that file. */
  readonly made?: boolean;
}

/** The sources of both tokens. */
export interface TokenSources {
  readonly admin: TokenSource;
  readonly read: TokenSource;
}

/** A token cannot be read. The message names the setting, and never the file's content. */
export class TokenError extends Error {
  override readonly name = "TokenError";
}

/** The characters of a token. */
const TOKEN = /^[!-~]+$/;

/**
 * Reads the file at each use: the file is small, and rate-limited clients do not get that far. A
 * replaced token counts at once, and no watcher is needed.
 */
export class Tokens {
  #sources: TokenSources;
  readonly #failures: FailureLog;
  #kept: TokenPair;
  #trouble = "";

  private constructor(sources: TokenSources, failures: FailureLog, kept: TokenPair) {
    this.#sources = sources;
    this.#failures = failures;
    this.#kept = kept;
  }

  /**
   * Reads the tokens for the first time.
   *
   * @param sources the sources of both tokens
   * @param failures records files that can no longer be read
   * @throws {TokenError} a token cannot be read
   */
  static async open(sources: TokenSources, failures: FailureLog): Promise<Tokens> {
    return new Tokens(sources, failures, await readPair(sources));
  }

  /**
   * Reads the tokens of other sources.
   *
   * @returns puts them in force
   * @throws {TokenError} a token cannot be read; those in force stay
   */
  async prepare(sources: TokenSources): Promise<() => void> {
    const pair = await readPair(sources);
    return () => {
      this.#sources = sources;
      this.#kept = pair;
      this.#trouble = "";
    };
  }

  /** Whether the operator set an admin token. */
  get admin(): boolean {
    return isSet(this.#sources.admin);
  }

  /** Whether the operator set a read token. */
  get read(): boolean {
    return isSet(this.#sources.read);
  }

  /** Returns the tokens in force; if the files cannot be read, the last tokens that were read. */
  async current(): Promise<TokenPair> {
    if (this.#sources.admin.file === "" && this.#sources.read.file === "") return this.#kept;
    try {
      const sources = this.#sources;
      const pair = await readPair(sources);
      // A reload may have replaced the sources meanwhile.
      if (sources === this.#sources) this.#kept = pair;
      this.#trouble = "";
    } catch (error) {
      this.#note(error);
    }
    return this.#kept;
  }

  /** Records the same error once. */
  #note(error: unknown): void {
    const trouble = errorMessage(error);
    if (trouble !== this.#trouble) this.#failures.record("control.tokens", error);
    this.#trouble = trouble;
  }
}

function isSet({ text, file, made = false }: TokenSource): boolean {
  return !made && (text !== "" || file !== "");
}

async function readPair(sources: TokenSources): Promise<TokenPair> {
  const [admin, read] = await Promise.all([readToken(sources.admin), readToken(sources.read)]);
  if (admin === "" || admin !== read) return { admin, read };
  const names = [sources.admin, sources.read].map(nameOf).join(" and ");
  throw new TokenError(`${names}: must be two tokens; got the same twice`);
}

function nameOf({ setting, file, made = false }: TokenSource): string {
  if (made) return "the balancer's own admin token";
  return file === "" ? setting : `${setting}_FILE`;
}

async function readToken(source: TokenSource): Promise<string> {
  if (source.file === "") return source.text;
  const token = (await readText(source)).trimEnd();
  if (TOKEN.test(token)) return token;
  const got = token === "" ? "nothing" : "something else";
  throw new TokenError(
    `${nameOf(source)}: ${source.file} must hold printable characters without spaces; got ${got}`,
  );
}

async function readText(source: TokenSource): Promise<string> {
  const { file } = source;
  try {
    return await Deno.readTextFile(file);
  } catch (error) {
    const why = error instanceof Deno.errors.NotCapable
      ? `the balancer may not read there; start it with --allow-read=${file} beside the others`
      : errorMessage(error);
    throw new TokenError(`${nameOf(source)}: ${file} cannot be read: ${why}`, { cause: error });
  }
}
