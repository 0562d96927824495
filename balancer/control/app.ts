/**
 * The control API as a Hono app: the calls of the one table, each behind its guard.
 *
 * @module
 */
import { Hono } from "hono";
import { Assets } from "../page/assets.ts";
import { CALLS } from "./endpoints/table.ts";
import { describeCalls } from "./api/openapi.ts";
import { answerError } from "./api/error_handler.ts";
import { once } from "./api/lazy.ts";
import { StatusFeed } from "./api/status_feed.ts";
import type { ControlParts } from "./api/dependencies.ts";
import { compressed, measured } from "./server/whole_answers.ts";
import { secured } from "./server/security_headers.ts";
import { answerUnknown } from "./not_found.ts";

/**
 * Builds the control API.
 *
 * @param parts the API's dependencies
 */
export function createControlApp(parts: ControlParts): Hono {
  const app = new Hono();
  const statusFeed = new StatusFeed(parts);
  const given = {
    ...parts,
    statusFeed,
    assets: new Assets(),
    description: once(() => describeCalls(CALLS)),
  };
  app.use(secured, compressed, measured);
  // A change without an event, such as a maintenance, is seen as soon as those with one.
  app.use(async (c, next) => {
    await next();
    if (c.req.method !== "GET") statusFeed.hurry();
  });
  for (const description of CALLS) {
    const { method, path, call } = description;
    app.on(method, path, parts.gate.before(description), call(given));
  }
  app.notFound((c) => answerUnknown(c, CALLS));
  app.onError((error, c) => answerError(error, c, parts.failures));
  return app;
}
