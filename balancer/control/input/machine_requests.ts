/**
 * Parameters and body of `PATCH /_lb/machines/NAME`.
 *
 * @module
 */
import { z } from "zod";
import { describe, received } from "../../fault.ts";
import type { BodyForm } from "./schema.ts";

const NAME_RULE = received("must be a host name of at most 253 characters");

/** The machine in the path. */
export const machineName = z.object({
  name: z.string({ error: NAME_RULE }).regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,252}$/, {
    error: NAME_RULE,
  }).describe("Host name of the machine"),
});

const EXAMPLE = '{"availability":"drain"}';

/** The body of `PATCH /_lb/machines/NAME`. */
export const machineChange: BodyForm<{ readonly availability: "drain" | "active" }> = {
  schema: z.strictObject({
    availability: z.enum(["drain", "active"], { error: received("must be drain or active") })
      .describe("drain to empty it, active to open it again"),
  }, { error: describe("availability", EXAMPLE) }),
  example: EXAMPLE,
};
