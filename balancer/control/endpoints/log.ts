/**
 * The calls about the log settings.
 *
 * @module
 */
import { z } from "zod";
import { successful } from "../../answers/answer.ts";
import { type LogState, logState } from "../../answers/log.ts";
import { LEVELS } from "../../log/log_controls.ts";
import { describe, received } from "../../fault.ts";
import { entryOf } from "../auth/audit.ts";
import { type BodyForm, oneOf } from "../input/schema.ts";
import { jsonCall, type Operation } from "../api/endpoint.ts";

const EXAMPLE = '{"level":"debug","access":0.01}';
const FIELDS = "level and access";
const ACCESS_RULE = {
  error: received("must be off, full, or the part of the requests above 0 and below 1"),
};

const part = z.number(ACCESS_RULE).gt(0, ACCESS_RULE).lt(1, ACCESS_RULE);

/** The body of `PATCH /_lb/log`. */
const logChange: BodyForm<Partial<LogState>> = {
  schema: z.strictObject({
    level: oneOf(LEVELS).exactOptional().describe("The least severe level that is written"),
    access: z.union([z.enum(["off", "full"]), part], ACCESS_RULE).exactOptional()
      .describe("Of which requests the access log tells"),
  }, { error: describe(FIELDS, EXAMPLE) })
    .refine((body) => Object.keys(body).length > 0, {
      error: received(`must have one of ${FIELDS}`),
    })
    .meta({ minProperties: 1 }),
  example: EXAMPLE,
};

/** `GET /_lb/log` */
export const getLog: Operation = jsonCall({
  id: "getLog",
  group: "Watching",
  summary: "Log level and access log",
  what: "What is in force",
  answer: logState,
  run: ({ log }) => () => log.state(),
});

/** `PATCH /_lb/log` */
export const turnLog: Operation = jsonCall({
  id: "turnLog",
  group: "Watching",
  summary: "Change the log level or the access log",
  description: "In force at once in all workers, until the balancer restarts.",
  body: logChange,
  what: "What is in force now",
  answer: successful(logState),
  run: ({ log }) => ({ c, body }) => {
    const before = log.state();
    log.turn(body);
    entryOf(c).changed(before, log.state());
    return { message: log.state(), status: "successful" as const };
  },
});
