/**
 * The description of a call of the control API: method, path, scope, input and responses.
 *
 * The description is also the implementation's contract: its schemas validate bodies and type JSON
 * answers. The OpenAPI document is generated from the same description.
 *
 * @module
 */
import type { Context } from "hono";
import type { z } from "zod";
import type { AnswerOf } from "../../answers/answer.ts";
import { noteAsked } from "../auth/audit.ts";
import { readBody } from "../input/body.ts";
import { type BodyForm, parseBody, parseFields } from "../input/schema.ts";
import { answerLong, isLong } from "./long_json.ts";
import type { CallParts } from "./dependencies.ts";
import type { Scope } from "../auth/scope.ts";

/** The handler of a call. */
type Call = (c: Context) => Response | Promise<Response>;

/** The tag of a call in the OpenAPI document. */
export type Group = "Replicas" | "Ring" | "Machines" | "Maintenance" | "Watching" | "Pages";

/** The response of a successful call. */
export interface Success {
  readonly status: 200;
  /** The description of the response. */
  readonly what: string;
  /** The media type; undefined for a response without a body. */
  readonly type?: string;
  /** The schema of a JSON body. */
  readonly schema?: z.ZodType;
  /** The schema of the data of each event; set for event streams. */
  readonly event?: z.ZodType;
}

/**
 * Statuses of errors that only some calls have. All other errors follow from the call's
 * description.
 */
type FailureStatus = 400 | 403 | 404 | 409 | 503;

/** The documented part of a call. */
interface CallText {
  /** The operation's id, for generated clients. */
  readonly id: string;
  readonly group: Group;
  /** A short summary of the call. */
  readonly summary: string;
  readonly description?: string;
  /** The call's own errors, beside those that all calls of its kind share. */
  readonly failures?: Readonly<Partial<Record<FailureStatus, string>>>;
}

/** A call without its method, path and scope. */
export interface Operation extends CallText {
  /** The schema of the path's parameters. */
  readonly params?: z.ZodObject | undefined;
  readonly query?: z.ZodObject | undefined;
  readonly headers?: z.ZodObject | undefined;
  readonly body?: BodyForm<unknown> | undefined;
  readonly success: Success;
  /** Location of a 308 that precedes the answer. */
  readonly redirect?: string | undefined;
  /** Builds the call's handler. */
  readonly call: (parts: CallParts) => Call;
}

/** A row of the table of calls: method, path, scope and operation. */
export interface CallDescription extends Operation {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** The path in the syntax of Hono's router: `:name` is a parameter. */
  readonly path: string;
  readonly scope: Scope;
  /** Set for a call that another call's description covers. */
  readonly undescribed?: true;
}

/** The input of a call. */
interface Asked<P, B> {
  readonly c: Context;
  /** The path's parameters; undefined if the call describes none. */
  readonly params: P;
  /** The body; undefined if the call takes none. */
  readonly body: B;
}

/** The input schemas of a call and its handler. */
interface Form<P, B, R> extends CallText {
  readonly params?: z.ZodObject & z.ZodType<P>;
  readonly query?: z.ZodObject;
  readonly headers?: z.ZodObject;
  readonly body?: BodyForm<B>;
  readonly run: (parts: CallParts) => (asked: Asked<P, B>) => R | Promise<R>;
}

/**
 * Describes a call that answers JSON.
 *
 * @param form `what` describes the answer, `answer` is its schema, and `run` builds the handler
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
      return async (c) => {
        const answer: AnswerOf<S> = await made(await ask(c, form, parts));
        // The length of a response to HEAD is left out, so it needs no body.
        return isLong(answer) && c.req.method !== "HEAD" ? answerLong(c, answer) : c.json(answer);
      };
    },
  };
}

/**
 * Describes a call with an answer that is not JSON.
 *
 * @param form the description, and `run`, which builds the handler of the whole response
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

/** Parses the parameters first: a wrong name is refused without waiting for a body. */
async function ask<P, B>(
  c: Context,
  { params, body }: Pick<Form<P, B, unknown>, "params" | "body">,
  { bodyTimeoutMs }: CallParts,
): Promise<Asked<P, B>> {
  // Without a schema the parameters are typed as undefined.
  const given = params ? parseFields(params, c.req.param()) : undefined as P;
  const text = body ? await readBody(c.req.raw, bodyTimeoutMs) : "";
  if (!body) return { c, params: given, body: undefined as B };
  return { c, params: given, body: noteAsked(c, parseBody(body, text)) };
}
