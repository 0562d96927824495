/**
 * The control API as a Hono app: the calls of the one table, each behind its guard.
 *
 * @module
 */
import { STATUS_CODE } from "@std/http/status";
import { type Context, Hono } from "hono";
import { Assets } from "../page/assets.ts";
import { failureBody } from "../reply.ts";
import type { Scope } from "./call.ts";
import { CALLS } from "./calls.ts";
import { describeCalls } from "./document.ts";
import { answerError } from "./error_answer.ts";
import { refuse } from "./guard.ts";
import { once } from "./once.ts";
import type { ControlParts } from "./parts.ts";
import { answerUnknown } from "./unknown_call.ts";

/**
 * Makes the control API.
 *
 * @param parts what it acts on
 */
export function createControlApp(parts: ControlParts): Hono {
  const app = new Hono();
  const given = {
    ...parts,
    assets: new Assets(),
    description: once(() => describeCalls(CALLS)),
  };
  for (const { method, path, scope, call } of CALLS) {
    app.on(method, path, guarded(parts, scope), call(given));
  }
  app.notFound((c) => answerUnknown(c, CALLS));
  app.onError((error, c) => answerError(error, c, parts.failures));
  return app;
}

/** Lets a call through to whom its scope allows it. Before that nothing of its body is read. */
function guarded({ guard }: ControlParts, scope: Scope) {
  return async (c: Context, next: () => Promise<void>): Promise<Response | void> => {
    const refusal = scope === "admin" ? refuse(c.req.raw.headers, guard) : undefined;
    if (!refusal) return await next();
    if (refusal.status === STATUS_CODE.Unauthorized) c.header("www-authenticate", "Bearer");
    return c.json(failureBody(refusal.message), refusal.status);
  };
}
