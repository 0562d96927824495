/**
 * The operator's page at `/_lb/`: an HTML file, a script and a style sheet that were built before.
 *
 * @module
 */
import { STATUS_CODE } from "@std/http/status";
import type { Context, Hono } from "hono";
import { failureBody } from "../reply.ts";
import { type Asset, Assets } from "./assets.ts";
import { ASK_FIRST, FOR_EVER, SECURITY } from "./headers.ts";

/**
 * Adds the page to the control API: `/_lb/` and `/_lb/page/FILE`.
 *
 * @param app the control API
 * @param assets the built files
 */
export function mountPage(app: Hono, assets: Assets = new Assets()): void {
  // Relative names in the page count from the slash.
  app.get("/_lb", (c) => c.redirect("/_lb/", STATUS_CODE.PermanentRedirect));
  app.get("/_lb/", async (c) => send(c, await assets.find("index.html"), ASK_FIRST));
  app.get("/_lb/page/:file", async (c) => {
    return send(c, await assets.find(c.req.param("file")), FOR_EVER);
  });
}

function send(c: Context, asset: Asset | undefined, cacheControl: string): Response {
  if (!asset) {
    return c.json(failureBody(`the page has no ${c.req.path}`), STATUS_CODE.NotFound, SECURITY);
  }
  const zipped = /\bgzip\b/.test(c.req.header("accept-encoding") ?? "");
  return c.body(zipped ? asset.gzip : asset.bytes, STATUS_CODE.OK, {
    ...SECURITY,
    "content-type": asset.type,
    "cache-control": cacheControl,
    vary: "accept-encoding",
    ...(zipped ? { "content-encoding": "gzip" } : {}),
  });
}
