/**
 * What a call of the control API is.
 *
 * @module
 */
import type { Context } from "hono";

/** Answers a call. */
export type Call = (c: Context) => Response | Promise<Response>;

/** Reads the body of a call, within bounds. */
export type ReadBody = (c: Context) => Promise<string>;
