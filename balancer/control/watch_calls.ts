/**
 * The calls that tell how things are.
 *
 * @module
 */
import { STATUS_CODE } from "@std/http/status";
import type { Call } from "./call.ts";
import { streamEvents } from "./events.ts";
import { reportIncident } from "./incident_report.ts";
import type { ControlParts } from "./parts.ts";

/** `GET /_lb/status` */
export function reporting({ status }: ControlParts): Call {
  return (c) => c.json(status());
}

/** `GET /_lb/healthz` */
export function showing({ status }: ControlParts): Call {
  return (c) => {
    const { ready, desired } = status();
    return c.json({ status: "ok", ready, desired });
  };
}

/** `GET /_lb/metrics` */
export function exposing({ metrics }: ControlParts): Call {
  return async (c) => {
    const { contentType, text } = await metrics.expose();
    return c.body(text, STATUS_CODE.OK, { "content-type": contentType });
  };
}

/** `GET /_lb/load` */
export function loading({ metrics }: ControlParts): Call {
  return (c) => c.json(metrics.load());
}

/** `GET /_lb/incidents` */
export function recalling({ incidents }: ControlParts): Call {
  return (c) => c.json({ incidents: incidents().map(reportIncident) });
}

/** `GET /_lb/events` */
export function following({ journal, ending }: ControlParts): Call {
  return (c) => streamEvents(c, journal, ending);
}
