/**
 * A mutual proof that two programs know the same token, without sending the token. The client
 * proves first, because the balancer answers no stranger. The key is stretched (scrypt, RFC 7914),
 * so that a program that poses as the balancer cannot try out weak tokens fast.
 *
 * @module
 */
import { createHmac, randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

/** A client's proof: a nonce, and a code over the nonce (HMAC-SHA256, RFC 2104). */
export interface Proof {
  /** 32 random bytes in base64url. */
  readonly nonce: string;
  readonly mac: string;
}

/** The form of a nonce and a code: 32 bytes in base64url. */
export const CODE = /^[A-Za-z0-9_-]{43}$/;

const stretch = promisify(scrypt) as (token: string, salt: string, size: number) => Promise<Buffer>;

/**
 * Derives the key of the codes.
 *
 * @param token a token
 */
export function keyOf(token: string): Promise<Uint8Array> {
  return stretch(token, "ringkeeper token proof", 32);
}

/**
 * Creates a client's proof that it knows a token.
 *
 * @param key the token's key
 */
export function proofOf(key: Uint8Array): Proof {
  const nonce = randomBytes(32).toString("base64url");
  return { nonce, mac: codeOf(key, `client ${nonce}`) };
}

/**
 * Returns the answer to a proof, from a balancer that knows the token.
 *
 * @param key the token's key
 * @param proof the client's proof
 * @returns undefined if the client does not know the token
 */
export function answerTo(key: Uint8Array, { nonce, mac }: Proof): string | undefined {
  if (!isEqual(mac, codeOf(key, `client ${nonce}`))) return undefined;
  return codeOf(key, `balancer ${nonce}`);
}

/**
 * Whether an answer comes from a balancer that knows the token.
 *
 * @param key the token's key
 * @param nonce the client's nonce
 * @param mac the code of the answer
 */
export function isAnswer(key: Uint8Array, nonce: string, mac: string): boolean {
  return isEqual(mac, codeOf(key, `balancer ${nonce}`));
}

/** Caches the keys of the tokens in force: stretching takes a tenth of a second. */
export class ProofKeys {
  #keys = new Map<string, Promise<Uint8Array>>();

  /**
   * Returns the keys of tokens, in the order of the tokens.
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

/** Both have one length, unless the other side sent something else. */
function isEqual(given: string, expected: string): boolean {
  const encoder = new TextEncoder();
  const [one, other] = [encoder.encode(given), encoder.encode(expected)];
  return one.length === other.length && timingSafeEqual(one, other);
}
