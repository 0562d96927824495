/**
 * Every call of the control API: the textbook's, and our own under `/_lb/`.
 *
 * @module
 */
import type { CallDescription } from "./call.ts";
import { adding, deploying, drilling, listing, removing } from "./fleet_calls.ts";
import { hearing, turning } from "./log_calls.ts";
import { applying, explainingKeys, planning, reshaping, tabling, weighing } from "./ring_calls.ts";
import { exposing, following, loading, recalling, reporting, showing } from "./watch_calls.ts";

/** The calls, in the order in which people are told of them. */
export const CALLS: readonly CallDescription[] = [
  { method: "GET", path: "/rep", scope: "public", call: listing },
  { method: "GET", path: "/_lb/status", scope: "read", call: reporting },
  { method: "GET", path: "/_lb/healthz", scope: "public", call: showing },
  { method: "GET", path: "/_lb/ring", scope: "read", call: tabling },
  { method: "GET", path: "/_lb/explain", scope: "read", call: explainingKeys },
  { method: "GET", path: "/_lb/metrics", scope: "read", call: exposing },
  { method: "GET", path: "/_lb/load", scope: "read", call: loading },
  { method: "GET", path: "/_lb/incidents", scope: "read", call: recalling },
  { method: "GET", path: "/_lb/events", scope: "read", call: following },
  { method: "GET", path: "/_lb/log", scope: "read", call: hearing },
  { method: "POST", path: "/add", scope: "admin", call: adding },
  { method: "DELETE", path: "/rm", scope: "admin", call: removing },
  { method: "PATCH", path: "/_lb/replicas/:name", scope: "admin", call: weighing },
  { method: "PATCH", path: "/_lb/ring", scope: "admin", call: reshaping },
  { method: "POST", path: "/_lb/plan", scope: "admin", call: planning },
  { method: "POST", path: "/_lb/apply", scope: "admin", call: applying },
  { method: "POST", path: "/_lb/deploy", scope: "admin", call: deploying },
  { method: "POST", path: "/_lb/drill", scope: "admin", call: drilling },
  { method: "PATCH", path: "/_lb/log", scope: "admin", call: turning },
];
