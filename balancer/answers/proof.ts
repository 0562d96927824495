/**
 * What `POST /_lb/prove` answers.
 *
 * @module
 */
import { z } from "zod";
import type { AnswerOf } from "./answer.ts";

/** A balancer that knows the token. */
export const proofAnswer = z.object({
  mac: z.string().describe("HMAC-SHA256 in base64url"),
}).meta({ id: "ProofAnswer", description: "The balancer's proof that it knows the token" });

/** A balancer that knows the token. */
export type ProofAnswer = AnswerOf<typeof proofAnswer>;
