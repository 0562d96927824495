/**
 * The certificates of the balancer, as the API shows them.
 *
 * @module
 */
import { z } from "zod";
import { type AnswerOf, count, time } from "./answer.ts";

/** One certificate. */
export const certificateStatus = z.object({
  name: z.string().describe("Name of its files without their endings, or of their folder"),
  names: z.array(z.string()).describe("Server names that it is valid for"),
  kind: z.enum(["ec", "rsa", "ed25519"]).nullable().describe(
    "Kind of its key; null: none is loaded",
  ),
  notAfter: time("When its validity ends").nullable(),
  daysLeft: count("Whole days until then; 0 once it has ended").nullable(),
  fingerprint: z.string().nullable().describe("SHA-256 of the certificate, in hexadecimal digits"),
  fault: z.string().nullable().describe(
    "Why its files cannot be used now: the file and the reason; what was loaded before stays in use",
  ),
});

/** A certificate in `GET /_lb/status`. */
export type CertificateStatus = AnswerOf<typeof certificateStatus>;
