/**
 * The calls about replicas: who they are, more and fewer of them, what they run.
 *
 * @module
 */
import { STATUS_CODE } from "@std/http/status";
import { streamSSE } from "hono/streaming";
import type { DeployStep } from "../answers/event.ts";
import { failureBody } from "../reply.ts";
import { readBody } from "./body.ts";
import type { Call } from "./call.ts";
import { makeDrill } from "./drill.ts";
import type { ControlParts } from "./parts.ts";
import { parseAddition, parseDeploy, parseDrill, parseRemoval } from "./requests.ts";

/** `GET /rep` */
export function listing({ membership }: ControlParts): Call {
  return (c) => c.json(replicas(membership.names()));
}

/** `POST /add` */
export function adding({ membership, bodyTimeoutMs }: ControlParts): Call {
  return async (c) => {
    const { n, hostnames, weights } = parseAddition(await readBody(c.req.raw, bodyTimeoutMs));
    return c.json(replicas(await membership.add(n, hostnames, weights)));
  };
}

/** `DELETE /rm` */
export function removing({ membership, bodyTimeoutMs }: ControlParts): Call {
  return async (c) => {
    const { n, hostnames } = parseRemoval(await readBody(c.req.raw, bodyTimeoutMs));
    return c.json(replicas(await membership.remove(n, hostnames)));
  };
}

function replicas(names: readonly string[]): object {
  return { message: { N: names.length, replicas: names }, status: "successful" };
}

/** `POST /_lb/deploy`. The steps are the answer: it begins when the deploy does, and ends with it. */
export function deploying({ deploys, failures, bodyTimeoutMs }: ControlParts): Call {
  return async (c) => {
    const template = parseDeploy(await readBody(c.req.raw, bodyTimeoutMs));
    deploys.check(template);
    return streamSSE(c, async (stream) => {
      let written = Promise.resolve();
      const tell = (step: DeployStep) => {
        const message = { event: step.step, data: JSON.stringify(step) };
        // Who asked for it may go: the deploy goes on, and GET /_lb/events tells of it.
        written = written.then(() => stream.writeSSE(message))
          .catch((error) => failures.record("control.deploy", error));
      };
      await deploys.run(template, tell);
      await written;
    });
  };
}

/** `POST /_lb/drill` */
export function drilling({ drills, bodyTimeoutMs }: ControlParts): Call {
  return async (c) => {
    if (!drills) {
      const message = "drills kill replicas and are off; LB_DRILLS=true allows them";
      return c.json(failureBody(message), STATUS_CODE.Forbidden);
    }
    return c.json(await makeDrill(parseDrill(await readBody(c.req.raw, bodyTimeoutMs)), drills));
  };
}
