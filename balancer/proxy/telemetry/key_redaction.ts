/**
 * Redacts request keys for logs and traces. A key from a header, a cookie or the query may be a
 * credential: the beginning of its SHA-256 replaces it, which is the same for the same key and
 * reveals nothing else.
 *
 * @module
 */
import type { KeySource } from "../../settings/values.ts";
import type { Identity } from "./request_record.ts";

/** Digits of the digest: enough to distinguish a million keys. */
const DIGITS = 12;

type Digest = (text: string, from: KeySource["from"]) => string;

/** Whether keys of a source are no secrets. */
function isPlain(from: KeySource["from"]): boolean {
  return from === "request-id" || from === "path" || from === "client";
}

/** Redacts keys. */
export class KeyRedaction {
  /** Resolves when hashing is loaded; until then keys that need it are omitted. */
  ready: Promise<void>;
  readonly #from: KeySource["from"];
  #digest: Digest | undefined;

  /**
   * @param source the source of keys, unless an identity names another
   * @param others further sources that identities may name
   */
  constructor({ from }: KeySource, ...others: readonly KeySource[]) {
    this.#from = from;
    this.ready = this.expect([{ from } as KeySource, ...others]);
  }

  /** Identities may name these sources from now on. @returns {@linkcode ready} */
  expect(sources: readonly KeySource[]): Promise<void> {
    const plain = this.#digest !== undefined || sources.every(({ from }) => isPlain(from));
    return this.ready = plain ? Promise.resolve() : this.#load();
  }

  /**
   * Returns the redacted key. A request without a key is routed by its id, which is not secret.
   *
   * @param identity the request's identity
   */
  of({ key, requestId, from = this.#from }: Identity): string | undefined {
    if (isPlain(from) || key === undefined || key === requestId) return key;
    return this.#digest?.(key, from);
  }

  /**
   * Loads the hash on demand: that takes as long as the rest of a worker, and most need no hash.
   */
  async #load(): Promise<void> {
    const { createHash } = await import("node:crypto");
    this.#digest = (text, from) => {
      // The bytes as they were sent: parameters of a query were decoded, fields were not.
      const encoding = from === "query" ? "utf8" : "latin1";
      const digest = createHash("sha256").update(text, encoding).digest("hex");
      return `sha256:${digest.slice(0, DIGITS)}`;
    };
  }
}
