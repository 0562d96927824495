/**
 * Answers of the API that are sent as a whole. JSON and metrics of a kilobyte or more are compressed
 * for clients that accept gzip; streams of events go out as they come, and the page's files are
 * compressed already. JSON has no control character that a terminal would act on.
 *
 * No answer holds a token, so the length of a compressed one tells nothing about a secret (BREACH).
 *
 * @module
 */
import type { Context, Next } from "hono";
import { compress } from "hono/compress";
import { escapeLateControls } from "../../log/style.ts";
import { turnOfLoop } from "../../turn_of_loop.ts";
import { inTurns, TURN_BYTES } from "../api/long_body.ts";
import { isStream } from "./outgoing_response.ts";

/** Smallest body to compress, in bytes: shorter ones fit into a packet anyway. */
const LEAST_BYTES = 1024;

/** Compresses an answer whose length {@linkcode measured} set. */
export const compressed = compress({ encoding: "gzip", threshold: LEAST_BYTES });

/**
 * Sets the length of an answer, because the middleware compresses any answer of unknown length,
 * however short. DEL, C1 and Unicode's line ends in JSON become JSON escapes: keys and messages
 * come from clients and replicas, and `curl` prints the answer on a terminal.
 */
export async function measured(c: Context, next: Next): Promise<void> {
  await next();
  const { res } = c;
  // A response to HEAD has no length: the length of GET differs when it is compressed.
  if (c.req.method === "HEAD" || res.body === null || isStream(res)) return;
  if (res.headers.has("content-length")) return;
  const isJson = res.headers.get("content-type")?.startsWith("application/json");
  const bytes = isJson ? await withoutControls(res) : await res.bytes();
  c.res = new Response(bytes.length > TURN_BYTES ? inTurns([bytes]) : bytes, res);
  c.res.headers.set("content-length", String(bytes.length));
}

async function withoutControls(res: Response): Promise<Uint8Array<ArrayBuffer>> {
  const text = await res.text();
  if (text.length > TURN_BYTES) await turnOfLoop();
  return new TextEncoder().encode(escapeLateControls(text));
}
