/**
 * The calls about the ring: what it is, where a key falls, and what it is to become.
 *
 * @module
 */
import type { Context } from "hono";
import type { RingShape } from "../fleet/blueprint.ts";
import type { Weights, Wish } from "../fleet/change.ts";
import type { ChangeReport, Plan } from "../fleet/membership.ts";
import { ringTable } from "../page/ring_table.ts";
import { readBody } from "./body.ts";
import type { Call } from "./call.ts";
import { explaining } from "./explain.ts";
import type { ControlParts } from "./parts.ts";
import { reportChange, reportPlan } from "./ring_report.ts";
import { parseName, parsePlanId, parseShape, parseWeight, parseWish } from "./ring_requests.ts";

/** What the calls act on. */
export interface RingKeeper {
  weigh(weights: Weights): Promise<ChangeReport>;
  reshape(shape: Partial<RingShape>): Promise<ChangeReport>;
  plan(wish: Wish): Plan;
  apply(id: string): Promise<ChangeReport>;
}

/** `GET /_lb/ring` */
export function tabling({ explain }: ControlParts): Call {
  return (c) => c.json(ringTable(explain.view()));
}

/** `GET /_lb/explain` */
export function explainingKeys({ explain }: ControlParts): Call {
  return explaining(explain);
}

/** `PATCH /_lb/replicas/NAME` */
export function weighing({ membership, bodyTimeoutMs }: ControlParts): Call {
  return async (c) => {
    const name = parseName(c.req.param("name") ?? "");
    const weight = parseWeight(await readBody(c.req.raw, bodyTimeoutMs));
    return changed(c, await membership.weigh({ [name]: weight }));
  };
}

/** `PATCH /_lb/ring` */
export function reshaping({ membership, bodyTimeoutMs }: ControlParts): Call {
  return async (c) => {
    const shape = parseShape(await readBody(c.req.raw, bodyTimeoutMs));
    return changed(c, await membership.reshape(shape));
  };
}

/** `POST /_lb/plan` */
export function planning({ membership, bodyTimeoutMs }: ControlParts): Call {
  return async (c) => {
    const plan = membership.plan(parseWish(await readBody(c.req.raw, bodyTimeoutMs)));
    return c.json({ message: reportPlan(plan), status: "successful" });
  };
}

/** `POST /_lb/apply` */
export function applying({ membership, bodyTimeoutMs }: ControlParts): Call {
  return async (c) => {
    const id = parsePlanId(await readBody(c.req.raw, bodyTimeoutMs));
    return changed(c, await membership.apply(id));
  };
}

function changed(c: Context, report: ChangeReport): Response {
  return c.json({ message: reportChange(report), status: "successful" });
}
