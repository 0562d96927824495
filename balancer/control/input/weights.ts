/**
 * Weights of replicas in the body of a call.
 *
 * @module
 */
import { z } from "zod";
import { MAX_WEIGHT, type Weights } from "../../fleet/spec/change.ts";
import { received, shown } from "../../fault.ts";
import { REPLICA_NAME_PATTERN } from "../../upstream_list.ts";
import { KNOWN_NAME_RULE } from "./schema.ts";

const RULE = `must be a number from 0 to ${MAX_WEIGHT}`;

/** A weight; 0 drains. */
export function weight(): z.ZodType<number> {
  const error = received(RULE);
  return z.number({ error }).min(0, { error }).max(MAX_WEIGHT, { error }).transform(positiveZero);
}

/** The same schema for the OpenAPI document, because a custom check has no description. */
const DESCRIBED = {
  type: "object",
  propertyNames: { type: "string", pattern: REPLICA_NAME_PATTERN.source },
  additionalProperties: { type: "number", minimum: 0, maximum: MAX_WEIGHT },
} as const;

/** Weights by name. */
export function weights(): z.ZodType<Weights> {
  return z.custom<object>(isObject, {
    error: received('must be an object of names and weights such as {"Big":3}'),
  }).meta({ override: DESCRIBED }).transform((given, context) => {
    // No prototype: a replica may be called `constructor`. No replica is called `__proto__`.
    const result: Record<string, number> = Object.create(null);
    for (const [name, value] of Object.entries(given)) {
      const parsed = weight().safeParse(value);
      if (REPLICA_NAME_PATTERN.test(name) && parsed.success) result[name] = parsed.data;
      else context.addIssue(fault(name, value));
    }
    return result;
  });
}

function fault(name: string, value: unknown) {
  const code = "custom" as const;
  return REPLICA_NAME_PATTERN.test(name)
    ? { code, path: [name], message: `${RULE}; got ${shown(value)}` }
    : { code, path: [], message: `each name ${KNOWN_NAME_RULE}; got ${shown(name)}` };
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** JSON has a negative zero, which compares as a different number. */
function positiveZero(value: number): number {
  return value + 0;
}
