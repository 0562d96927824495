/**
 * How two programs show each other that they know the same token, without sending it: the client
 * first, for the balancer answers no stranger. The key is stretched (scrypt, RFC 7914), so that a
 * token that people chose cannot be tried out fast by a program that only pretends to be the balancer.
 *
 * @module
 */
import { createHmac, randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

/** What a client shows: text of its own, and a code over that (HMAC-SHA256, RFC 2104). */
export interface Proof {
  /** 32 random bytes in base64url. */
  readonly nonce: string;
  readonly mac: string;
}

/** What a nonce and a code look like: 32 bytes in base64url. */
export const CODE = /^[A-Za-z0-9_-]{43}$/;

const stretch = promisify(scrypt) as (token: string, salt: string, size: number) => Promise<Buffer>;

/**
 * The key that codes are made with.
 *
 * @param token a token
 */
export function keyOf(token: string): Promise<Uint8Array> {
  return stretch(token, "ringkeeper token proof", 32);
}

/**
 * A proof that a client knows the token.
 *
 * @param key that of the token
 */
export function proofOf(key: Uint8Array): Proof {
  const nonce = randomBytes(32).toString("base64url");
  return { nonce, mac: codeOf(key, `client ${nonce}`) };
}

/**
 * What a balancer that knows the token answers to a proof.
 *
 * @param key that of the token
 * @param proof what the client showed
 * @returns undefined where the client does not know the token
 */
export function answerTo(key: Uint8Array, { nonce, mac }: Proof): string | undefined {
  if (!isEqual(mac, codeOf(key, `client ${nonce}`))) return undefined;
  return codeOf(key, `balancer ${nonce}`);
}

/**
 * Whether an answer is that of a balancer that knows the token.
 *
 * @param key that of the token
 * @param nonce what the client sent
 * @param mac what came back
 */
export function isAnswer(key: Uint8Array, nonce: string, mac: string): boolean {
  return isEqual(mac, codeOf(key, `balancer ${nonce}`));
}

/** Keeps the keys of the tokens in force: stretching takes a tenth of a second. */
export class ProofKeys {
  #keys = new Map<string, Promise<Uint8Array>>();

  /**
   * The keys of tokens, in their order.
   *
   * @param tokens the tokens in force; empty ones are left out
   */
  async of(tokens: readonly string[]): Promise<Uint8Array[]> {
    const kept = tokens.filter((token) => token !== "").map((token) =>
      [token, this.#keys.get(token) ?? keyOf(token)] as const
    );
    this.#keys = new Map(kept);
    return await Promise.all(kept.map(([, key]) => key));
  }
}

function codeOf(key: Uint8Array, text: string): string {
  return createHmac("sha256", key).update(text).digest("base64url");
}

/** Both are of one length, unless the other side wrote something else. */
function isEqual(given: string, expected: string): boolean {
  const encoder = new TextEncoder();
  const [one, other] = [encoder.encode(given), encoder.encode(expected)];
  return one.length === other.length && timingSafeEqual(one, other);
}
