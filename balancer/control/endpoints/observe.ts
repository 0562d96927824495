/**
 * The calls that report the balancer's state.
 *
 * @module
 */
import { STATUS_CODE } from "@std/http/status";
import { z } from "zod";
import { type Health, health, ready, status } from "../../answers/fleet.ts";
import { incidents } from "../../answers/incident.ts";
import { history } from "../../answers/history.ts";
import { load } from "../../answers/load.ts";
import { streamedEvent } from "../../answers/status_change.ts";
import { received } from "../../fault.ts";
import { oneOf, parseFields } from "../input/schema.ts";
import { jsonCall, type Operation, otherCall } from "../api/endpoint.ts";
import { inTurns, lengthOf } from "../api/long_body.ts";
import { streamEvents } from "./event_stream.ts";
import { readyReport } from "../reports/ready_report.ts";
import { reportIncident } from "../reports/incident_report.ts";

/** `GET /_lb/status` */
export const getStatus: Operation = jsonCall({
  id: "getStatus",
  group: "Watching",
  summary: "The whole state",
  what: "The fleet, every replica, and failed background actions",
  answer: status,
  run: ({ status }) => status,
});

/** `GET /_lb/healthz` */
export const getHealth: Operation = jsonCall({
  id: "getHealth",
  group: "Watching",
  summary: "Whether the balancer lives",
  what: "The balancer runs",
  answer: health,
  run: ({ counts }) => (): Health => {
    const { ready, desired, engineAwayMs } = counts();
    return { status: "ok", ready, desired, engineAwayMs };
  },
});

/** `GET /_lb/readyz` */
export const getReadiness: Operation = jsonCall({
  id: "getReadiness",
  group: "Watching",
  summary: "Whether the balancer should get requests",
  description: "For load balancers in front and for readiness probes. Maintenance leaves it " +
    "ready: the balancer has to answer then.",
  what: "It should",
  answer: ready,
  failures: {
    503: "It should not: it drains, it is isolated, or too few replicas are ready " +
      "(`LB_READY_SHARE`); the message says which",
  },
  run: ({ counts, maintenance, readiness, ending }) => () =>
    readyReport({
      ...counts(),
      maintenance: maintenance.state !== undefined,
      share: readiness.share,
      draining: ending.aborted,
      isolated: readiness.isolated(),
    }),
});

/** `GET /_lb/metrics` */
export const getMetrics: Operation = otherCall({
  id: "getMetrics",
  group: "Watching",
  summary: "Everything that is counted, for Prometheus",
  success: {
    status: 200,
    what: "Prometheus' text format, version 0.0.4",
    type: "text/plain",
  },
  run: ({ metrics }) => async ({ c }) => {
    const { contentType, parts } = await metrics.expose();
    return c.body(inTurns(parts), STATUS_CODE.OK, {
      "content-type": contentType,
      "content-length": String(lengthOf(parts)),
    });
  },
});

/** `GET /_lb/load` */
export const getLoad: Operation = jsonCall({
  id: "getLoad",
  group: "Watching",
  summary: "Few numbers about the load",
  description: "To be asked for about once a second.",
  what: "Counts since the balancer's start, and present values",
  answer: load,
  run: ({ metrics }) => () => metrics.load(),
});

const SINCE_RULE = {
  error: received("must be a date in whole milliseconds since the epoch"),
};

const historyQuery = z.object({
  step: oneOf(["second", "minute"]).exactOptional()
    .describe("The last 15 minutes by the second, which is the default, or 24 hours by the minute"),
  since: z.string(SINCE_RULE).regex(/^\d{1,15}$/, SINCE_RULE).exactOptional()
    .describe("Only samples and marks after this time, in milliseconds since the epoch"),
});

/** `GET /_lb/history` */
export const getHistory: Operation = jsonCall({
  id: "getHistory",
  group: "Watching",
  summary: "The traffic of the last minutes and of the last day",
  description: "To follow it, pass the last `at` as `since`. Rates are means over a sample.",
  query: historyQuery,
  what: "Samples, the oldest first, and marks on them",
  answer: history,
  run: ({ metrics }) => ({ c }) => {
    const { step = "second", since = "0" } = parseFields(historyQuery, c.req.query());
    return metrics.history({ step, since: Number(since) });
  },
});

/** `GET /_lb/incidents` */
export const listIncidents: Operation = jsonCall({
  id: "listIncidents",
  group: "Watching",
  summary: "Every failure: its first sign, and the time of each step of its heal",
  what: "The last failures",
  answer: incidents,
  run: ({ incidents }) => () => ({ incidents: incidents().map(reportIncident) }),
});

const eventsQuery = z.object({
  status: oneOf(["true", "false"]).exactOptional().describe(
    "true to stream the status, too: the whole at first, then each change. The default is false",
  ),
});

/** `GET /_lb/events` */
export const followEvents: Operation = otherCall({
  id: "followEvents",
  group: "Watching",
  summary: "What happens to the fleet, as it happens",
  description: "The stream does not end before the balancer does. One that is silent for ten " +
    "seconds says that it is alive by a comment.",
  query: eventsQuery,
  headers: z.object({
    "Last-Event-ID": z.string().exactOptional().describe(
      "The last event that was seen: those behind it come first, as far as they are kept. 0 asks " +
        "for all of them",
    ),
  }),
  success: {
    status: 200,
    what: "Server-sent events from now on",
    type: "text/event-stream",
    event: streamedEvent,
  },
  failures: { 503: "There are as many event streams as there may be" },
  run: (parts) => ({ c }) => {
    const { status = "false" } = parseFields(eventsQuery, c.req.query());
    return streamEvents(c, parts, status === "true");
  },
});
