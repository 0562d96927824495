/**
 * What a call of the control API is.
 *
 * @module
 */
import type { Context } from "hono";
import type { ControlParts } from "./parts.ts";

/** Answers a call. */
export type Call = (c: Context) => Response | Promise<Response>;

/**
 * Who may make a call.
 *
 * - `public`: anyone who reaches the port
 * - `read`: who may look on
 * - `admin`: who may change something, kill, or take memory to keep
 */
export type Scope = "public" | "read" | "admin";

/** A call: how it is asked for, who may, and what answers. */
export interface CallDescription {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** As Hono's router reads it: `:name` is a parameter. */
  readonly path: string;
  readonly scope: Scope;
  /** Makes what answers it. */
  readonly call: (parts: ControlParts) => Call;
}
