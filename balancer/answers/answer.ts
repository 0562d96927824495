/**
 * What every answer of the control API is put together from.
 *
 * The schemas of this room are the one place that says what the API answers. Its description at
 * `/_lb/openapi.json` is made of them, whoever answers is held to their types, and whoever asks
 * reads by the same types: of a schema they import the type alone, so none of this runs there.
 *
 * @module
 */
import { z } from "zod";

/** The type of what a schema describes, for whoever reads it. */
export type AnswerOf<S extends z.ZodType> = Frozen<z.output<S>>;

type Frozen<T> = T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T;

/** How many. */
export function count(what: string): z.ZodInt {
  return z.int().min(0).describe(what);
}

/** A part of a whole, from 0 to 1. */
export function share(what: string): z.ZodNumber {
  return z.number().min(0).max(1).describe(what);
}

/** A point in time, ISO 8601 in UTC. */
export function time(what: string): z.ZodISODateTime {
  return z.iso.datetime().describe(what);
}

/** Milliseconds since the epoch. */
export function epochMs(what: string): z.ZodNumber {
  return z.number().describe(`${what}, milliseconds since the epoch`);
}

/**
 * What a change answers: the message, and that all went well.
 *
 * @param message the schema of the message
 */
export function successful<S extends z.ZodType>(
  message: S,
): z.ZodObject<{ message: S; status: z.ZodLiteral<"successful"> }> {
  return z.object({ message, status: z.literal("successful") });
}

/** What every error of the balancer itself says. */
export const failure = z.object({
  message: z.string().describe(
    "What is wrong and what would be right: the field, its bound and the value received",
  ),
  status: z.literal("failure"),
  detail: z.string().exactOptional().describe(
    "The field, its bound and the value, where the message is the textbook's own",
  ),
}).meta({ id: "Failure", description: "What every error of the balancer itself says" });

/** What every error of the balancer itself says. */
export type Failure = AnswerOf<typeof failure>;
