/**
 * Keeps the control API's tokens from replicas: a client that mistakes the public port for the
 * API's port would send its token there.
 *
 * @module
 */
import { AUTHORIZATION } from "../http1/field_kind.ts";
import type { Fields } from "../http1/fields.ts";
import { ascii } from "../http1/writer.ts";
import type { ApiToken } from "../settings.ts";

/** The tokens of the control API. */
export class ApiTokens {
  readonly #tokens: readonly ApiToken[];
  readonly #onFailure: (error: unknown) => void;
  /** The last content of each file. */
  readonly #read = new Map<string, Uint8Array>();
  #failed = false;

  /**
   * @param tokens the configured tokens
   * @param onFailure called when files can no longer be read
   */
  constructor(tokens: readonly ApiToken[], onFailure: (error: unknown) => void) {
    this.#tokens = tokens;
    this.#onFailure = onFailure;
  }

  /**
   * Removes all Authorization fields if one carries a token: such fields are not forwarded.
   *
   * @param fields the fields of a request
   * @param bytes buffer that holds them
   */
  hide(fields: Fields, bytes: Uint8Array): void {
    let carries = false;
    for (let i = 0; i < fields.count && !carries; i++) {
      carries = fields.kind(i) === AUTHORIZATION &&
        this.#carries(bytes, fields.valueStart(i), fields.valueEnd(i));
    }
    for (let i = 0; i < fields.count && carries; i++) {
      if (fields.kind(i) === AUTHORIZATION) fields.hideAt(i);
    }
  }

  /** Whether the last word of a value is a token, after any scheme. */
  #carries(bytes: Uint8Array, start: number, end: number): boolean {
    let from = end;
    while (from > start && bytes[from - 1] !== 32 && bytes[from - 1] !== 9) from--;
    return this.#tokens.some((token) => isSame(bytes, from, end, this.#bytesOf(token)));
  }

  /** Files are small, and read only for requests whose path may mean the API. */
  #bytesOf({ text, file }: ApiToken): Uint8Array {
    if (file === "") return ascii(text);
    try {
      this.#read.set(file, ascii(Deno.readTextFileSync(file).trimEnd()));
      this.#failed = false;
    } catch (error) {
      if (!this.#failed) this.#onFailure(error);
      this.#failed = true;
    }
    return this.#read.get(file) ?? NOTHING;
  }
}

const NOTHING = new Uint8Array();

/** Compares in a time that depends on the token's length only. */
function isSame(bytes: Uint8Array, start: number, end: number, token: Uint8Array): boolean {
  if (token.length === 0 || end - start !== token.length) return false;
  let difference = 0;
  for (let i = 0; i < token.length; i++) difference |= bytes[start + i]! ^ token[i]!;
  return difference === 0;
}
