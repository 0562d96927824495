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

type Digest = (text: string) => string;

/** Redacts the keys of one source. */
export class KeyRedaction {
  /** Resolves when hashing is loaded; until then keys that need it are omitted. */
  readonly ready: Promise<void>;
  readonly #plain: boolean;
  #digest: Digest | undefined;

  /** @param source the source of keys */
  constructor({ from }: KeySource) {
    this.#plain = from === "request-id" || from === "path" || from === "client";
    this.ready = this.#plain ? Promise.resolve() : this.#load(from);
  }

  /**
   * Returns the redacted key. A request without a key is routed by its id, which is not secret.
   *
   * @param identity the request's identity
   */
  of({ key, requestId }: Identity): string | undefined {
    return this.#plain || key === undefined || key === requestId ? key : this.#digest?.(key);
  }

  /**
   * Loads the hash on demand: that takes as long as the rest of a worker, and most need no hash.
   */
  async #load(from: KeySource["from"]): Promise<void> {
    const { createHash } = await import("node:crypto");
    // The bytes as they were sent: parameters of a query were decoded, fields were not.
    const encoding = from === "query" ? "utf8" : "latin1";
    this.#digest = (text) => {
      const digest = createHash("sha256").update(text, encoding).digest("hex");
      return `sha256:${digest.slice(0, DIGITS)}`;
    };
  }
}
