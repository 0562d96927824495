/**
 * The calls about upstreams that the balancer does not run (engine static).
 *
 * @module
 */
import { upstreams } from "../../answers/fleet.ts";
import { changed } from "../../answers/ring.ts";
import { addressText } from "../../view.ts";
import { entryOf } from "../auth/audit.ts";
import { jsonCall, type Operation } from "../api/endpoint.ts";
import { answerChange } from "./ring_report.ts";
import { upstreamList } from "../input/upstream_requests.ts";

const OWN = "The engine runs its own replicas: there is no list";

/** `GET /_lb/upstreams` */
export const listUpstreams: Operation = jsonCall({
  id: "listUpstreams",
  group: "Replicas",
  summary: "The upstreams that another system runs",
  description: "Engine static. The answer is a body that PUT takes.",
  what: "The list in force",
  answer: upstreams,
  failures: { 409: OWN },
  run: ({ upstreams }) => () => ({
    upstreams: upstreams.list().map(({ name, address, weight }) => ({
      name,
      address: addressText(address),
      weight,
    })),
  }),
});

/** `PUT /_lb/upstreams` */
export const setUpstreams: Operation = jsonCall({
  id: "setUpstreams",
  group: "Replicas",
  summary: "Replace the list of upstreams that another system runs",
  description: "Engine static. The whole list, in one view or not at all; the order means " +
    "nothing. An upstream is known by its name, and without one by its address. Those that are " +
    "new or have another address are sent heartbeats first; those that are missing drain.",
  body: upstreamList,
  what: "What moved, once the upstreams that left are drained",
  answer: changed,
  failures: {
    409: `A name is given twice. ${OWN}`,
    503:
      "None of the upstreams answers a heartbeat, or the list cannot be saved: the list in force was kept",
  },
  run: ({ upstreams }) => async ({ c, body }) =>
    answerChange(await upstreams.set(body, entryOf(c).made)),
});
