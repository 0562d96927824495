/**
 * The calls about the maintenance of the whole balancer.
 *
 * @module
 */
import { type MaintenanceAnswer, maintenanceState } from "../../answers/maintenance.ts";
import { jsonCall, type Operation } from "../api/endpoint.ts";
import { entryOf } from "../auth/audit.ts";
import { maintenanceBody } from "../input/maintenance_request.ts";
import type { ControlParts } from "../api/dependencies.ts";

const NOT_SAVED = { 503: "The change could not be saved: nothing was changed" };

/** `GET /_lb/maintenance` */
export const getMaintenance: Operation = jsonCall({
  id: "getMaintenance",
  group: "Maintenance",
  summary: "Whether the balancer is in maintenance",
  what: "The maintenance, or null",
  answer: maintenanceState,
  run: ({ maintenance }) => () => answerOf(maintenance),
});

/** `PUT /_lb/maintenance` */
export const beginMaintenance: Operation = jsonCall({
  id: "beginMaintenance",
  group: "Maintenance",
  summary: "Begin a maintenance, or change the one under way",
  description: "Every new request on the public port is answered 503 with the message, in all " +
    "workers once the call is answered, until the maintenance ends; also after a restart. " +
    "Requests in flight finish; heartbeats, healing and the API go on.",
  body: maintenanceBody,
  what: "The maintenance",
  answer: maintenanceState,
  failures: NOT_SAVED,
  run: ({ maintenance }) => async ({ c, body }) => {
    const before = answerOf(maintenance);
    await maintenance.begin(body);
    const after = answerOf(maintenance);
    entryOf(c).changed(before, after);
    return after;
  },
});

/** `DELETE /_lb/maintenance` */
export const endMaintenance: Operation = jsonCall({
  id: "endMaintenance",
  group: "Maintenance",
  summary: "End the maintenance",
  description: "Without a maintenance it changes nothing.",
  what: "null",
  answer: maintenanceState,
  failures: NOT_SAVED,
  run: ({ maintenance }) => async ({ c }) => {
    const before = answerOf(maintenance);
    await maintenance.end();
    const after = answerOf(maintenance);
    entryOf(c).changed(before, after);
    return after;
  },
});

function answerOf({ state }: ControlParts["maintenance"]): MaintenanceAnswer {
  return { maintenance: state ?? null };
}
