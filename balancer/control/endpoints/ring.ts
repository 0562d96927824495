/**
 * The calls about the ring: its state, a key's slot, and changes.
 *
 * @module
 */
import { z } from "zod";
import { explanation } from "../../answers/explanation.ts";
import { changed, planned, ringTable as table } from "../../answers/ring.ts";
import { ringTable } from "../../page/ring_table.ts";
import { received } from "../../fault.ts";
import { parseFields } from "../input/schema.ts";
import { entryOf } from "../auth/audit.ts";
import { jsonCall, type Operation } from "../api/endpoint.ts";
import { explain } from "../explain/explain.ts";
import { keyAsked, question } from "../explain/query.ts";
import { optionsOf } from "../explain/route.ts";
import { answerChange, answerPlan } from "./ring_report.ts";
import { application, change, shape } from "../input/ring_requests.ts";

const DIGEST_RULE = { error: received("must be a digest of at most 64 hexadecimal digits") };

const ringQuery = z.object({
  known: z.string(DIGEST_RULE).regex(/^[0-9a-f]{0,64}$/, DIGEST_RULE).exactOptional()
    .describe("Digest of the ring that the client has"),
});

/** `GET /_lb/ring` */
export const getRing: Operation = jsonCall({
  id: "getRing",
  group: "Ring",
  summary: "Who owns which slot",
  description: "The table of slots is large: a client that has it passes its digest as `known`, " +
    "and gets the table again only if the ring is another.",
  query: ringQuery,
  what: "The ring that is routed by",
  answer: table,
  run: ({ explain }) => ({ c }) =>
    ringTable(explain.view(), parseFields(ringQuery, c.req.query()).known),
});

/** `GET /_lb/explain` */
export const explainKey: Operation = jsonCall({
  id: "explain",
  group: "Ring",
  summary: "Where a request would go right now, and why",
  description:
    "Asked by one of key, id and path. With routes in the configuration file, path and host choose " +
    "the route, and the key may be given beside them.",
  query: question,
  what: "What becomes of a request with that key, by the view in force",
  answer: explanation,
  run: ({ explain: sources }) => ({ c }) => {
    const asked = new URL(c.req.url).searchParams;
    const options = optionsOf(asked, sources);
    return explain(keyAsked(asked, options), options);
  },
});

/** `PATCH /_lb/ring` */
export const reshapeRing: Operation = jsonCall({
  id: "reshapeRing",
  group: "Ring",
  summary: "Change the shape of the ring",
  description:
    "One or more of slots, virtualServers, layout and hashes. One view, and no request " +
    "is lost.",
  body: shape,
  what: "What moved",
  answer: changed,
  failures: { 503: "The change could not be saved: the ring stays as it is" },
  run: ({ membership }) => async ({ c, body }) =>
    answerChange(await membership.reshape(body, entryOf(c).made)),
});

/** `POST /_lb/plan` */
export const planChange: Operation = jsonCall({
  id: "plan",
  group: "Ring",
  summary: "What a change would move and come to, without making it",
  description: "All of it is one change. The plan is kept for ten minutes; it changes nothing.",
  body: change,
  what: "The plan",
  answer: planned,
  failures: {
    404: "No replica has one of the names",
    409: "A name is taken or named twice, or another system runs the replicas",
  },
  run: ({ membership }) => async ({ body }) => answerPlan(await membership.planAside(body)),
});

/** `POST /_lb/apply` */
export const applyPlan: Operation = jsonCall({
  id: "apply",
  group: "Ring",
  summary: "Make the change of a plan",
  body: application,
  what: "What moved",
  answer: changed,
  failures: {
    404: "No plan of the id is kept: it was applied, is too old, or never was",
    409: "The ring is another since the plan was made, or a name was taken meanwhile",
    503:
      "A new replica did not become ready, or the change could not be saved: nothing was changed",
  },
  run: ({ membership }) => async ({ c, body: { plan } }) =>
    answerChange(await membership.apply(plan, entryOf(c).made)),
});
