/**
 * Building blocks of the control API's answers.
 *
 * The schemas of this folder define the API's answers. `/_lb/openapi.json` is generated from them,
 * handlers are type-checked against them, and clients use the same types: a client imports only a
 * schema's type, so that no schema code runs there.
 *
 * @module
 */
import { z } from "zod";

/** The type that a schema describes, for readers of an answer. */
export type AnswerOf<S extends z.ZodType> = Frozen<z.output<S>>;

type Frozen<T> = T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T;

/** A count. */
export function count(what: string): z.ZodInt {
  return z.int().min(0).describe(what);
}

/** A share, from 0 to 1. */
export function share(what: string): z.ZodNumber {
  return z.number().min(0).max(1).describe(what);
}

/** A timestamp, ISO 8601 in UTC. */
export function time(what: string): z.ZodISODateTime {
  return z.iso.datetime().describe(what);
}

/** Milliseconds since the epoch. */
export function epochMs(what: string): z.ZodNumber {
  return z.number().describe(`${what}, milliseconds since the epoch`);
}

/**
 * The answer to a change: the message, and the status `successful`.
 *
 * @param message the schema of the message
 */
export function successful<S extends z.ZodType>(
  message: S,
): z.ZodObject<{ message: S; status: z.ZodLiteral<"successful"> }> {
  return z.object({ message, status: z.literal("successful") });
}

/** The body of every error of the balancer itself. */
export const failure = z.object({
  message: z.string().describe(
    "The error: the field, its bound and the value received",
  ),
  status: z.literal("failure"),
  detail: z.string().exactOptional().describe(
    "The field, its bound and the value, where the message is the textbook's own",
  ),
}).meta({ id: "Failure", description: "An error of the balancer itself" });

/** The body of every error of the balancer itself. */
export type Failure = AnswerOf<typeof failure>;
