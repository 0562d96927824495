/**
 * The calls that change the ring, or plan to.
 *
 * @module
 */
import type { Context } from "hono";
import type { Call, ReadBody } from "./call.ts";
import type { RingShape } from "../fleet/blueprint.ts";
import type { Weights, Wish } from "../fleet/change.ts";
import type { ChangeReport, Plan } from "../fleet/membership.ts";
import { reportChange, reportPlan } from "./ring_report.ts";
import { parseName, parsePlanId, parseShape, parseWeight, parseWish } from "./ring_requests.ts";

/** What the calls act on. */
export interface RingKeeper {
  weigh(weights: Weights): Promise<ChangeReport>;
  reshape(shape: Partial<RingShape>): Promise<ChangeReport>;
  plan(wish: Wish): Plan;
  apply(id: string): Promise<ChangeReport>;
}

/** `PATCH /_lb/replicas/NAME` */
export function weighing(ring: RingKeeper, read: ReadBody): Call {
  return async (c) => {
    const name = parseName(c.req.param("name") ?? "");
    const weight = parseWeight(await read(c));
    return changed(c, await ring.weigh({ [name]: weight }));
  };
}

/** `PATCH /_lb/ring` */
export function reshaping(ring: RingKeeper, read: ReadBody): Call {
  return async (c) => changed(c, await ring.reshape(parseShape(await read(c))));
}

/** `POST /_lb/plan` */
export function planning(ring: RingKeeper, read: ReadBody): Call {
  return async (c) => {
    const plan = ring.plan(parseWish(await read(c)));
    return c.json({ message: reportPlan(plan), status: "successful" });
  };
}

/** `POST /_lb/apply` */
export function applying(ring: RingKeeper, read: ReadBody): Call {
  return async (c) => changed(c, await ring.apply(parsePlanId(await read(c))));
}

function changed(c: Context, report: ChangeReport): Response {
  return c.json({ message: reportChange(report), status: "successful" });
}
