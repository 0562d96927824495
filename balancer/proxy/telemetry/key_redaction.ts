/**
 * A request's key as it may be written down. What comes from a header, a cookie or the query may be
 * a credential: of that the beginning of its SHA-256 stands for it, which is the same for the same
 * key and says nothing else.
 *
 * @module
 */
import type { KeySource } from "../../settings/values.ts";
import type { Identity } from "./request_record.ts";

/** Digits of the digest: enough to tell a million keys apart. */
const DIGITS = 12;

type Digest = (text: string) => string;

/** Writes the keys of one source. */
export class KeyRedaction {
  /** Resolves when it can write; until then it writes no key that it would have to hash. */
  readonly ready: Promise<void>;
  readonly #plain: boolean;
  #digest: Digest | undefined;

  /** @param source where keys come from */
  constructor({ from }: KeySource) {
    this.#plain = from === "request-id" || from === "path" || from === "client";
    this.ready = this.#plain ? Promise.resolve() : this.#load(from);
  }

  /**
   * The key as it may be written. A request without one is routed by its id, which is no secret.
   *
   * @param identity whose
   */
  of({ key, requestId }: Identity): string | undefined {
    return this.#plain || key === undefined || key === requestId ? key : this.#digest?.(key);
  }

  /** It takes as long to load as the rest of a worker, and most have no need of it. */
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
