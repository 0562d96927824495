/**
 * Every call of the control API: the textbook's, and our own under `/_lb/`.
 *
 * @module
 */
import type { CallDescription } from "../api/endpoint.ts";
import * as fleet from "./fleet.ts";
import * as log from "./log.ts";
import * as machine from "./machines.ts";
import * as maintenance from "./maintenance.ts";
import * as page from "./pages.ts";
import * as proof from "./proof.ts";
import * as ring from "./ring.ts";
import * as upstream from "./upstreams.ts";
import * as settings from "./settings.ts";
import * as watch from "./observe.ts";

/** The calls, in the order of the documentation. */
export const CALLS: readonly CallDescription[] = [
  { method: "GET", path: "/rep", scope: "open", ...fleet.listReplicas },
  { method: "GET", path: "/_lb/status", scope: "read", ...watch.getStatus },
  { method: "GET", path: "/_lb/healthz", scope: "open", ...watch.getHealth },
  { method: "GET", path: "/_lb/readyz", scope: "open", ...watch.getReadiness },
  { method: "GET", path: "/_lb/ring", scope: "read", ...ring.getRing },
  { method: "GET", path: "/_lb/explain", scope: "read", ...ring.explainKey },
  { method: "GET", path: "/_lb/metrics", scope: "read", ...watch.getMetrics },
  { method: "GET", path: "/_lb/load", scope: "read", ...watch.getLoad },
  { method: "GET", path: "/_lb/history", scope: "read", ...watch.getHistory },
  { method: "GET", path: "/_lb/incidents", scope: "read", ...watch.listIncidents },
  { method: "GET", path: "/_lb/events", scope: "read", ...watch.followEvents },
  { method: "GET", path: "/_lb/upstreams", scope: "read", ...upstream.listUpstreams },
  { method: "GET", path: "/_lb/maintenance", scope: "read", ...maintenance.getMaintenance },
  { method: "GET", path: "/_lb/machines", scope: "read", ...machine.listMachines },
  { method: "GET", path: "/_lb/log", scope: "read", ...log.getLog },
  { method: "GET", path: "/_lb/settings", scope: "read", ...settings.getSettings },
  { method: "POST", path: "/add", scope: "admin", ...fleet.addReplicas },
  { method: "DELETE", path: "/rm", scope: "admin", ...fleet.removeReplicas },
  { method: "PATCH", path: "/_lb/replicas/:name", scope: "admin", ...fleet.weighReplica },
  { method: "PATCH", path: "/_lb/machines/:name", scope: "admin", ...machine.changeMachine },
  { method: "PUT", path: "/_lb/upstreams", scope: "admin", ...upstream.setUpstreams },
  { method: "PATCH", path: "/_lb/ring", scope: "admin", ...ring.reshapeRing },
  { method: "POST", path: "/_lb/plan", scope: "admin", ...ring.planChange },
  { method: "POST", path: "/_lb/apply", scope: "admin", ...ring.applyPlan },
  { method: "PUT", path: "/_lb/maintenance", scope: "admin", ...maintenance.beginMaintenance },
  { method: "DELETE", path: "/_lb/maintenance", scope: "admin", ...maintenance.endMaintenance },
  { method: "POST", path: "/_lb/deploy", scope: "execute", ...fleet.deployTemplate },
  { method: "POST", path: "/_lb/drill", scope: "execute", ...fleet.drillReplica },
  { method: "PATCH", path: "/_lb/log", scope: "admin", ...log.turnLog },
  { method: "POST", path: "/_lb/reload", scope: "admin", ...settings.reloadSettings },
  { method: "POST", path: "/_lb/prove", scope: "public", ...proof.proveToken },
  { method: "GET", path: "/_lb", scope: "public", ...page.findPage },
  { method: "GET", path: "/_lb/", scope: "public", undescribed: true, ...page.getPage },
  { method: "GET", path: "/_lb/page/:file", scope: "public", ...page.getPageFile },
  { method: "GET", path: "/_lb/docs", scope: "public", ...page.getDocs },
  { method: "GET", path: "/_lb/openapi.json", scope: "public", ...page.getDescription },
];
