/**
 * The certificates of the balancer, as the API shows them.
 *
 * @module
 */
import { z } from "zod";
import { type AnswerOf, count, time } from "./answer.ts";

/** One certificate. */
export const certificateStatus = z.object({
  name: z.string().describe(
    "Name of its files without their endings, or of their folder; the host of one by ACME",
  ),
  source: z.enum(["file", "acme"]).describe("Files of the operator, or an authority by ACME"),
  names: z.array(z.string()).describe("Server names that it is valid for"),
  kind: z.enum(["ec", "rsa", "ed25519"]).nullable().describe(
    "Kind of its key; null: none is loaded",
  ),
  notAfter: time("When its validity ends").nullable(),
  daysLeft: count("Whole days until then; 0 once it has ended").nullable(),
  ending: z.boolean().describe(
    "Whether its end is near: within 14 days, or the last sixth of the lifetime if that is shorter " +
      "and it comes by ACME",
  ),
  renewal: time("When a certificate by ACME is renewed; null: it comes from files").nullable(),
  fingerprint: z.string().nullable().describe("SHA-256 of the certificate, in hexadecimal digits"),
  fault: z.string().nullable().describe(
    "Why its files cannot be used now, or why the last order by ACME failed; the certificate that " +
      "was there before stays in use",
  ),
});

/** A certificate in `GET /_lb/status`. */
export type CertificateStatus = AnswerOf<typeof certificateStatus>;
