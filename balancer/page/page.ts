/**
 * Serves the built pages and their files, under a strict content security policy.
 *
 * @module
 */
import { STATUS_CODE } from "@std/http/status";
import type { Context } from "hono";
import { failureBody } from "../reply.ts";
import type { Asset } from "./assets.ts";
import { ASK_FIRST, FOR_EVER, SECURITY } from "./headers.ts";

/**
 * Answers a page.
 *
 * Answers with a page.
 * @param page the page; undefined if it was not built
 */
export function sendPage(c: Context, page: Asset | undefined): Response {
  return send(c, page, ASK_FIRST);
}

/**
 * Answers with a file that a page names.
 *
 * @param c the request
 * @param file the file; undefined if no file has that name
 */
export function sendFile(c: Context, file: Asset | undefined): Response {
  return send(c, file, FOR_EVER);
}

/** `gzip` in Accept-Encoding, unless its weight is 0 (RFC 9110, section 12.4.2). */
const GZIP = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/i;

function send(c: Context, asset: Asset | undefined, cacheControl: string): Response {
  if (!asset) {
    return c.json(failureBody(`the page has no ${c.req.path}`), STATUS_CODE.NotFound, SECURITY);
  }
  const zipped = GZIP.test(c.req.header("accept-encoding") ?? "");
  return c.body(zipped ? asset.gzip : asset.bytes, STATUS_CODE.OK, {
    ...SECURITY,
    "content-type": asset.type,
    "cache-control": cacheControl,
    vary: "accept-encoding",
    ...(zipped ? { "content-encoding": "gzip" } : {}),
  });
}
