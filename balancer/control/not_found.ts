/**
 * The response to an unknown call.
 *
 * @module
 */
import { STATUS_CODE } from "@std/http/status";
import type { Context } from "hono";
import { failureBody } from "../reply.ts";
import type { CallDescription } from "./api/endpoint.ts";

/** The method and path of a call's description. */
type Route = Pick<CallDescription, "method" | "path" | "group">;

/**
 * Answers a request that matches no call: 405 if the path has other methods (RFC 9110, section
 * 15.5.6), 404 otherwise. `OPTIONS` lists those methods and sends no CORS fields, so that a browser
 * refuses the calls of another site.
 *
 * @param c the request
 * @param routes the existing calls
 */
export function answerUnknown(c: Context, routes: readonly Route[]): Response {
  const here = routes.filter(({ path }) => matches(path, c.req.path));
  if (here.length === 0) return c.json(failureBody(unknown(c, routes)), STATUS_CODE.NotFound);
  const methods = methodsOf(here);
  c.header("allow", methods);
  if (c.req.method === "OPTIONS") return c.body(null, STATUS_CODE.NoContent);
  const message = `${c.req.method} is no method of ${c.req.path}, which has ${methods}`;
  return c.json(failureBody(message), STATUS_CODE.MethodNotAllowed);
}

function matches(pattern: string, path: string): boolean {
  const parts = pattern.split("/");
  const given = path.split("/");
  return parts.length === given.length &&
    parts.every((part, at) => part === given[at] || (part.startsWith(":") && given[at] !== ""));
}

/** Every path with `GET` has `HEAD`, too (RFC 9110, section 9.3.2). */
function methodsOf(routes: readonly Route[]): string {
  const methods = routes.flatMap(({ method }) => method === "GET" ? ["GET", "HEAD"] : method);
  return [...methods, "OPTIONS"].join(", ");
}

function unknown({ req }: Context, routes: readonly Route[]): string {
  const known = routes.filter(({ group }) => group !== "Pages")
    .map(({ method, path }) => `${method} ${path.replace(":name", "NAME")}`);
  return `there is no ${req.method} ${req.path}; there are ${known.join(", ")}, and ` +
    "GET /_lb/docs describes them";
}
