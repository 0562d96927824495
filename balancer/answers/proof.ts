/**
 * The answer of `POST /_lb/prove`.
 *
 * @module
 */
import { z } from "zod";
import type { AnswerOf } from "./answer.ts";

/** The proof that the balancer knows the token. */
export const proofAnswer = z.object({
  mac: z.string().describe("HMAC-SHA256 in base64url"),
}).meta({ id: "ProofAnswer", description: "The balancer's proof that it knows the token" });

/** The proof that the balancer knows the token. */
export type ProofAnswer = AnswerOf<typeof proofAnswer>;
