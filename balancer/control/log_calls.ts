/**
 * The calls about how much the balancer says.
 *
 * @module
 */
import { z } from "zod";
import type { LogState } from "../answers/log.ts";
import { isPart, LEVELS } from "../log/dials.ts";
import { readBody } from "./body.ts";
import { describe, oneOf, parseBody, received } from "./body_schema.ts";
import type { Call } from "./call.ts";
import type { ControlParts } from "./parts.ts";

/** What the calls turn. */
export interface LogDials {
  state(): LogState;
  /** In force at once, for everything that is said from then on. */
  turn(change: Partial<LogState>): void;
}

const EXAMPLE = '{"level":"debug","access":0.01}';
const FIELDS = "level and access";
const ACCESS_RULE = "must be off, full, or the part of the requests above 0 and below 1";

const part = z.number().refine(isPart, { error: received(ACCESS_RULE) });

const access = z.union([z.enum(["off", "full"]), part], { error: received(ACCESS_RULE) });

const change = z.strictObject({
  level: oneOf(LEVELS).exactOptional(),
  access: access.exactOptional(),
}, { error: describe(FIELDS, EXAMPLE) })
  .refine((body) => Object.keys(body).length > 0, {
    error: received(`must have one of ${FIELDS}`),
  });

/**
 * Reads the body of `PATCH /_lb/log`.
 *
 * @param text the body as it was received
 * @throws {RequestError} every fault at once: the field, its bound and the value received
 */
export function parseLogChange(text: string): Partial<LogState> {
  return parseBody(change, text, EXAMPLE);
}

/** `GET /_lb/log` */
export function hearing({ log }: ControlParts): Call {
  return (c) => c.json(log.state());
}

/** `PATCH /_lb/log` */
export function turning({ log, bodyTimeoutMs }: ControlParts): Call {
  return async (c) => {
    log.turn(parseLogChange(await readBody(c.req.raw, bodyTimeoutMs)));
    return c.json({ message: log.state(), status: "successful" });
  };
}
