/**
 * What a call of the control API is: how it is asked for, who may, what it takes and answers.
 *
 * What is described here is what runs: a body is read by the schema that describes it, and a JSON
 * answer is of the type of its schema. The API's own description is made of the same.
 *
 * @module
 */
import type { Context } from "hono";
import type { z } from "zod";
import type { AnswerOf } from "../../answers/answer.ts";
import { noteAsked } from "../auth/audit.ts";
import { readBody } from "../input/body.ts";
import { type BodyForm, parseBody, parseFields } from "../input/schema.ts";
import type { CallParts } from "./dependencies.ts";
import type { Scope } from "../auth/scope.ts";

/** Answers a call. */
type Call = (c: Context) => Response | Promise<Response>;

/** What people look for a call under. */
export type Group = "Replicas" | "Ring" | "Watching" | "Pages";

/** What a call answers when all goes well. */
export interface Success {
  readonly status: 200;
  /** In words. */
  readonly what: string;
  /** The media type; none where there is no body. */
  readonly type?: string;
  /** Of a JSON body. */
  readonly schema?: z.ZodType;
  /** Of the data of each event, where it is a stream of them. */
  readonly event?: z.ZodType;
}

/** Statuses of errors that only some calls have. The others follow from what a call is. */
type FailureStatus = 400 | 403 | 404 | 409 | 503;

/** What a call does, as far as it does not run. */
interface CallText {
  /** The name of the operation, for programs that are made of the description. */
  readonly id: string;
  readonly group: Group;
  /** What it answers or does, in a few words. */
  readonly summary: string;
  readonly description?: string;
  /** What goes wrong beside what every call of its kind has. */
  readonly failures?: Readonly<Partial<Record<FailureStatus, string>>>;
}

/** A call but for its place in the table. */
export interface Operation extends CallText {
  /** Of the path. */
  readonly params?: z.ZodObject | undefined;
  readonly query?: z.ZodObject | undefined;
  readonly headers?: z.ZodObject | undefined;
  readonly body?: BodyForm<unknown> | undefined;
  readonly success: Success;
  /** Where a 308 leads that comes before the answer. */
  readonly redirect?: string | undefined;
  /** Makes what answers it. */
  readonly call: (parts: CallParts) => Call;
}

/** A row of the table: a call, how it is asked for and who may. */
export interface CallDescription extends Operation {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** As Hono's router reads it: `:name` is a parameter. */
  readonly path: string;
  readonly scope: Scope;
  /** Set for a call that another one describes. */
  readonly undescribed?: true;
}

/** What a call was asked. */
interface Asked<P, B> {
  readonly c: Context;
  /** The parameters of its path; undefined where the call describes none. */
  readonly params: P;
  /** Its body; undefined where the call takes none. */
  readonly body: B;
}

/** What a call takes, and what it does with that. */
interface Form<P, B, R> extends CallText {
  readonly params?: z.ZodObject & z.ZodType<P>;
  readonly query?: z.ZodObject;
  readonly headers?: z.ZodObject;
  readonly body?: BodyForm<B>;
  readonly run: (parts: CallParts) => (asked: Asked<P, B>) => R | Promise<R>;
}

/**
 * A call that answers JSON.
 *
 * @param form `what` it answers, by which schema, and `run`, which makes it
 */
export function jsonCall<S extends z.ZodType, P = undefined, B = undefined>(
  { what, answer, run, ...form }: Form<P, B, AnswerOf<S>> & {
    readonly what: string;
    readonly answer: S;
  },
): Operation {
  return {
    ...form,
    success: { status: 200, what, type: "application/json", schema: answer },
    call: (parts) => {
      const made = run(parts);
      return async (c) => c.json(await made(await ask(c, form, parts)));
    },
  };
}

/**
 * A call that answers something else.
 *
 * @param form what it answers, and `run`, which makes the whole response
 */
export function otherCall<P = undefined, B = undefined>(
  { run, ...form }: Form<P, B, Response> & {
    readonly success: Success;
    readonly redirect?: string;
  },
): Operation {
  return {
    ...form,
    call: (parts) => {
      const made = run(parts);
      return async (c) => made(await ask(c, form, parts));
    },
  };
}

/** The parameters first: a wrong name need not wait for a body. */
async function ask<P, B>(
  c: Context,
  { params, body }: Pick<Form<P, B, unknown>, "params" | "body">,
  { bodyTimeoutMs }: CallParts,
): Promise<Asked<P, B>> {
  // Without a schema the types are those of undefined.
  const given = params ? parseFields(params, c.req.param()) : undefined as P;
  const text = body ? await readBody(c.req.raw, bodyTimeoutMs) : "";
  if (!body) return { c, params: given, body: undefined as B };
  return { c, params: given, body: noteAsked(c, parseBody(body, text)) };
}
