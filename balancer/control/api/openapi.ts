/**
 * The API's description of itself: the table of calls as an OpenAPI 3.1 document.
 *
 * @module
 */
import { STATUS_CODE, STATUS_TEXT } from "@std/http/status";
import type { z } from "zod";
import type {
  CreateDocumentOptions,
  oas32,
  ZodOpenApiObject,
  ZodOpenApiOperationObject,
  ZodOpenApiPathsObject,
  ZodOpenApiResponseObject,
} from "zod-openapi";
import { VERSION } from "../../version.ts";
import type { CallDescription, Group, Success } from "./endpoint.ts";
import type { Scope } from "../auth/scope.ts";
import { failuresOf, RESPONSE_HEADERS } from "./error_responses.ts";
import { failure } from "../../answers/answer.ts";

/** An OpenAPI document; the types of 3.2 are those of 3.1 with additions that are not used. */
export type OpenApi = oas32.OpenAPIObject;

const EVENT_STREAM = "text/event-stream";

const GROUPS: Readonly<Record<Group, string>> = {
  Replicas: "Members of the fleet, and their template",
  Ring: "Who owns which slot, where a key falls, and how that changes",
  Machines: "The machines of a swarm, and the replicas on each",
  Maintenance: "Answering all requests 503 for a while",
  Watching: "State and events",
  Pages: "What is read in a browser",
};

const DESCRIPTION =
  "The calls to the balancer itself. They have a port of their own, which carries them all; the " +
  "public port carries `/rep`, `/add` and `/rm`, and any other request there goes to a replica " +
  "(`LB_PUBLIC_API`). Bodies are JSON whatever their Content-Type says. A method that a path has not is answered 405 with " +
  "`Allow`, and `HEAD` is `GET` without the body. On the public port, errors of HTTP itself have " +
  "the same form: 400, 408, 413, 414, 417, 431, 501 to 505.";

const TOKEN: oas32.SecuritySchemeObject = {
  type: "http",
  scheme: "bearer",
  description: "A token of scope `admin` may make every call, one of scope `read` those that " +
    "change nothing. Where the operator set no token, and only this machine reaches the port, " +
    "calls need none, but for those that run code or kill: the balancer makes an admin token at " +
    "its first start and logs the file that holds it. On the public port a call from a browser " +
    "always needs a token, and so does any call from the replicas' network, which may change " +
    "nothing at all.",
};

/**
 * Generates the OpenAPI document. The library for that is loaded at the first request, because most
 * balancers never get one.
 *
 * @param calls the table
 */
export async function describeCalls(calls: readonly CallDescription[]): Promise<OpenApi> {
  const { createDocument } = await import("zod-openapi");
  return createDocument(documentOf(calls), OPTIONS);
}

function documentOf(calls: readonly CallDescription[]): ZodOpenApiObject {
  return {
    openapi: "3.1.1",
    info: {
      title: "ringkeeper",
      version: VERSION,
      description: DESCRIPTION,
      license: { name: "MIT License", identifier: "MIT" },
    },
    // Relative to this document, so that the URL is right behind a proxy with a path prefix.
    servers: [{ url: "..", description: "Where this was read" }],
    tags: Object.entries(GROUPS).map(([name, description]) => ({ name, description })),
    paths: pathsOf(calls),
    components: {
      schemas: Object.fromEntries(
        calls.flatMap(({ success: { event } }) => event ? [[idOf(event), event]] : []),
      ),
      securitySchemes: { token: TOKEN },
    },
  };
}

function pathsOf(calls: readonly CallDescription[]): ZodOpenApiPathsObject {
  const paths: ZodOpenApiPathsObject = {};
  for (const call of calls) {
    if (call.undescribed) continue;
    const path = call.path.replace(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [call.method.toLowerCase()]: operationOf(call) };
  }
  return paths;
}

function operationOf(call: CallDescription): ZodOpenApiOperationObject {
  const { id, group, summary, description, scope, params, query, headers, body } = call;
  return {
    operationId: id,
    tags: [group],
    summary,
    ...(description === undefined ? {} : { description }),
    security: securityOf(scope),
    requestParams: {
      ...(params ? { path: params } : {}),
      ...(query ? { query } : {}),
      ...(headers ? { header: headers } : {}),
    },
    ...(body ? { requestBody: bodyOf(body) } : {}),
    responses: {
      [call.success.status]: successOf(call.success),
      ...redirectResponse(call),
      ...failureResponses(call),
    },
  };
}

/** `{}` means no token, for calls that the balancer may leave open. */
function securityOf(scope: Scope): Record<string, string[]>[] {
  switch (scope) {
    case "public":
      return [];
    case "open":
    case "read":
      return [{}, { token: ["read"] }];
    case "admin":
      return [{}, { token: ["admin"] }];
    case "execute":
      return [{ token: ["admin"] }];
  }
}

function bodyOf({ schema, example }: NonNullable<CallDescription["body"]>) {
  const content = { "application/json": { schema, example: JSON.parse(example) } };
  return { required: true, content };
}

function successOf({ status, what, type, schema, event }: Success): ZodOpenApiResponseObject {
  const headers = RESPONSE_HEADERS[status];
  return {
    description: what,
    ...(headers ? { headers } : {}),
    ...(type === undefined ? {} : { content: { [type]: contentOf(schema, event) } }),
  };
}

/**
 * OpenAPI 3.1 has no field for the events of a stream: `contentSchema` (JSON Schema 2020-12,
 * Validation, 8.5) names the schema of each event's data, and tools follow that reference.
 */
function contentOf(schema?: z.ZodType, event?: z.ZodType) {
  if (schema) return { schema };
  if (!event) return { schema: { type: "string" } as const };
  const contentSchema = { $ref: `#/components/schemas/${idOf(event)}` };
  return { schema: { type: "string", contentMediaType: EVENT_STREAM, contentSchema } as const };
}

function redirectResponse({ redirect }: CallDescription): Record<string, ZodOpenApiResponseObject> {
  const headers = RESPONSE_HEADERS[STATUS_CODE.PermanentRedirect];
  if (redirect === undefined) return {};
  return { 308: { description: redirect, ...(headers ? { headers } : {}) } };
}

function failureResponses(call: CallDescription): Record<string, ZodOpenApiResponseObject> {
  return Object.fromEntries(
    [...failuresOf(call)].map(([status, what]) => {
      const headers = RESPONSE_HEADERS[status];
      return [status, {
        description: what || (STATUS_TEXT[status] ?? ""),
        ...(headers ? { headers } : {}),
        content: { "application/json": { schema: failure } },
      }];
    }),
  );
}

function idOf(schema: z.ZodType): string {
  const id = schema.meta()?.id;
  if (id === undefined) throw new TypeError("the events have ids");
  return id;
}

const OPTIONS: CreateDocumentOptions = {
  override: ({ jsonSchema, io }) => {
    // Clients ignore unknown fields of an answer, so that answers may grow.
    if (io === "output" && jsonSchema.additionalProperties === false) {
      delete jsonSchema.additionalProperties;
    }
    // The format implies this pattern.
    if (jsonSchema.format === "date-time") delete jsonSchema.pattern;
    // The bounds of JavaScript's safe integers need no mention.
    if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  },
};
