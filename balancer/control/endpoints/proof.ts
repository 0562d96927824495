/**
 * The call by which a client verifies the balancer before it sends a token.
 *
 * @module
 */
import { z } from "zod";
import { describe, received } from "../../fault.ts";
import type { BodyForm } from "../input/schema.ts";
import { type Operation, otherCall } from "../api/endpoint.ts";
import { answerTo, CODE, type Proof, ProofKeys } from "../auth/proof.ts";
import { proofAnswer } from "../../answers/proof.ts";

const EXAMPLE = JSON.stringify({ nonce: "A".repeat(43), mac: "B".repeat(43) });
const RULE = { error: received("must be 32 bytes in base64url") };

/** The body of `POST /_lb/prove`. */
export const proof: BodyForm<Proof> = {
  schema: z.strictObject({
    nonce: z.string(RULE).regex(CODE, RULE).describe("32 random bytes in base64url"),
    mac: z.string(RULE).regex(CODE, RULE)
      .describe('HMAC-SHA256 over "client " and the nonce, in base64url'),
  }, { error: describe("nonce and mac", EXAMPLE) }),
  example: EXAMPLE,
};

/** `POST /_lb/prove` */
export const proveToken: Operation = otherCall({
  id: "prove",
  group: "Watching",
  summary: "Make sure that this is the balancer, before a token is sent",
  description: "Client and balancer show each other that they know the same token, which neither " +
    "sends. The key of both codes is scrypt over the token, with the salt " +
    "`ringkeeper token proof`, N=16384, r=8, p=1, 32 bytes. A wrong code counts as a wrong token.",
  body: proof,
  success: {
    status: 200,
    what: 'The balancer\'s own code, over "balancer " and the nonce',
    type: "application/json",
    schema: proofAnswer,
  },
  run: ({ gate }) => {
    const keys = new ProofKeys();
    return ({ c, body }) =>
      gate.prove(c, async ({ admin, read }) => {
        for (const key of await keys.of([admin, read])) {
          const mac = answerTo(key, body);
          if (mac !== undefined) return { mac };
        }
        return undefined;
      });
  },
});
