/**
 * The schema of the body of `PUT /_lb/maintenance`.
 *
 * @module
 */
import ipaddr from "ipaddr.js";
import { z } from "zod";
import { describe, received } from "../../fault.ts";
import type { MaintenanceRequest } from "../../fleet/operations/maintenance.ts";
import { type BodyForm, wholeFrom } from "./schema.ts";

const LONGEST_MESSAGE = 1024;
const MOST_NETWORKS = 64;
const LONGEST_RETRY_S = 86_400;
const RETRY_AFTER_S = 60;
const MESSAGE = "the service is in maintenance; try again later";

const EXAMPLE = '{"message":"Back at 10:00.","retryAfterS":600}';

const TEXT = { error: received("must be a text without control characters") };
const LENGTH = {
  error: ({ input }: { readonly input: unknown }) =>
    `must be 1 to ${LONGEST_MESSAGE} characters; got ${String(input).length}`,
};
const NETWORK = { error: received("each must be a network in CIDR notation, such as 10.0.0.0/8") };
const NETWORKS = { error: received("must be a list of networks in CIDR notation") };

/** The body of `PUT /_lb/maintenance`. */
export const maintenanceBody: BodyForm<MaintenanceRequest> = {
  schema: z.strictObject({
    message: z.string(TEXT).min(1, LENGTH).max(LONGEST_MESSAGE, LENGTH)
      .regex(/^[^\p{Cc}]*$/u, TEXT).default(MESSAGE).describe("Text of the responses to clients"),
    retryAfterS: wholeFrom(1, LONGEST_RETRY_S).default(RETRY_AFTER_S)
      .describe("Seconds after which clients should try again: Retry-After"),
    allow: z.array(z.string(NETWORK).refine((text) => ipaddr.isValidCIDR(text), NETWORK), NETWORKS)
      .max(MOST_NETWORKS, {
        error: ({ input }) =>
          `must be at most ${MOST_NETWORKS} networks; got ${(input as []).length}`,
      })
      .default([]).describe("Networks whose clients are served all the same"),
  }, { error: describe("message, retryAfterS and allow", EXAMPLE) }),
  example: EXAMPLE,
};
