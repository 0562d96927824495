/**
 * The control API as a Hono app: the calls of the one table, each behind its guard.
 *
 * @module
 */
import { Hono } from "hono";
import { Assets } from "../page/assets.ts";
import { CALLS } from "./calls.ts";
import { describeCalls } from "./document.ts";
import { answerError } from "./error_answer.ts";
import { once } from "./once.ts";
import type { ControlParts } from "./parts.ts";
import { secured } from "./secured.ts";
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
  app.use(secured);
  for (const description of CALLS) {
    const { method, path, call } = description;
    app.on(method, path, parts.gate.before(description), call(given));
  }
  app.notFound((c) => answerUnknown(c, CALLS));
  app.onError((error, c) => answerError(error, c, parts.failures));
  return app;
}
