/**
 * Verifies that the balancer answers at a URL before a token is sent there: on the public port a
 * replica may serve the same path.
 *
 * @module
 */
import type { ProofAnswer } from "../../balancer/answers/proof.ts";
import { isAnswer, keyOf, proofOf } from "../../balancer/control/auth/proof.ts";

/** Makes a call without a token. */
type Send = (path: string, init: RequestInit) => Promise<Response>;

/** The result of a proof: `refused` has the balancer's own answer, `none` means any other. */
type ProofOutcome =
  | { readonly is: "proven" }
  | { readonly is: "refused"; readonly status: number; readonly message: string }
  | { readonly is: "none"; readonly status: number };

/**
 * Makes both sides prove that they know a token, without sending it.
 *
 * @param token the token
 * @param send makes the call
 */
export async function prove(token: string, send: Send): Promise<ProofOutcome> {
  const key = await keyOf(token);
  const proof = proofOf(key);
  const response = await send("/_lb/prove", { method: "POST", body: JSON.stringify(proof) });
  const body = await jsonOf(response);
  if (response.ok && typeof body.mac === "string" && isAnswer(key, proof.nonce, body.mac)) {
    return { is: "proven" };
  }
  const { status } = response;
  const refuses = status === 401 || status === 403 || status === 429;
  return refuses && typeof body.message === "string"
    ? { is: "refused", status, message: body.message }
    : { is: "none", status };
}

/** Accepts any answer, JSON or not. */
async function jsonOf(response: Response): Promise<Partial<ProofAnswer & { message: unknown }>> {
  const text = await response.text();
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
