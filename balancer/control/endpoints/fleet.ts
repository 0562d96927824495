/**
 * The calls about replicas: list, add, remove, weigh, deploy, drill.
 *
 * @module
 */
import { streamSSE } from "hono/streaming";
import { type DeployStep, deployStep } from "../../answers/event.ts";
import { type Names, names } from "../../answers/fleet.ts";
import { drillReport } from "../../answers/incident.ts";
import { changed } from "../../answers/ring.ts";
import type { Template } from "../../engine/engine.ts";
import { errorMessage } from "../../failures.ts";
import type { NamesReport } from "../../fleet/operations/membership.ts";
import { entryOf } from "../auth/audit.ts";
import { jsonCall, type Operation, otherCall } from "../api/endpoint.ts";
import { DrillError, makeDrill } from "../drill/drill.ts";
import { addition, deploy, drill, removal } from "../input/fleet_requests.ts";
import { DeploySteps } from "./deploy_steps.ts";
import { answerChange, lateBalancers } from "./ring_report.ts";
import { replicaName, weighing } from "../input/ring_requests.ts";

/** `GET /rep` */
export const listReplicas: Operation = jsonCall({
  id: "listReplicas",
  group: "Replicas",
  summary: "The names in the ring",
  what: "The names in the ring",
  answer: names,
  run: ({ membership }) => () => namesOf({ names: membership.names() }),
});

/** `POST /add` */
export const addReplicas: Operation = jsonCall({
  id: "addReplicas",
  group: "Replicas",
  summary: "Add replicas",
  description: "All of them or none. Fewer hostnames than n: the rest get the next free " +
    "`Server<k>`. Weights are from 0 to 1000, and only for hostnames.",
  body: addition,
  what: "The names, once the new replicas are ready and in the ring",
  answer: names,
  failures: {
    409: "A name is taken or named twice, or another system runs the replicas",
    503: "A new replica did not become ready, or the change could not be saved: none was added",
  },
  run: ({ membership }) => async ({ c, body: { n, hostnames, weights } }) =>
    namesOf(await membership.add(n, hostnames, weights, entryOf(c).made)),
});

/** `DELETE /rm` */
export const removeReplicas: Operation = jsonCall({
  id: "removeReplicas",
  group: "Replicas",
  summary: "Remove replicas",
  description: "All of them or none. Fewer hostnames than n: the rest are the newest.",
  body: removal,
  what: "The names, once the replicas are drained and gone",
  answer: names,
  failures: {
    404: "No replica has one of the names",
    409: "A name is named twice, or another system runs the replicas",
    503: "The change could not be saved: none was removed",
  },
  run: ({ membership }) => async ({ c, body: { n, hostnames } }) =>
    namesOf(await membership.remove(n, hostnames, entryOf(c).made)),
});

function namesOf(
  { names: replicas, behind = [] }: Pick<NamesReport, "names"> & Partial<NamesReport>,
): Names {
  const message = { N: replicas.length, replicas: [...replicas], ...lateBalancers(behind) };
  return { message, status: "successful" };
}

/** `PATCH /_lb/replicas/NAME` */
export const weighReplica: Operation = jsonCall({
  id: "weighReplica",
  group: "Replicas",
  summary: "Set the weight of a replica",
  description: "0 drains: the replica stays, gets no new requests, and finishes those that it has.",
  params: replicaName,
  body: weighing,
  what: "What moved",
  answer: changed,
  failures: { 404: "No replica has the name", 503: "The change could not be saved" },
  run: ({ membership }) => async ({ c, params: { name }, body: { weight } }) =>
    answerChange(await membership.weigh({ [name]: weight }, entryOf(c).made)),
});

/**
 * `POST /_lb/deploy`. The answer streams the deploy's steps: it begins and ends with the deploy.
 */
export const deployTemplate: Operation = otherCall({
  id: "deploy",
  group: "Replicas",
  summary: "Replace every replica, one after the other, by an instance of another image or command",
  description: "The image is pinned to its id, and pulled where LB_PULL says so, before anything " +
    "is replaced. Fields that are not given stay as they are. The new instance of a replica is " +
    "ready before the old one drains, and has to stay ready for a while before the next replica's " +
    "turn comes. Where one does not become or stay ready, everything goes back. The deploy goes on " +
    "when its caller leaves.",
  body: deploy,
  success: {
    status: 200,
    what: "Each step as it is made; the last is done or rolled-back",
    type: "text/event-stream",
    event: deployStep,
  },
  failures: {
    409: "The engine cannot run this, or another system runs the replicas",
    503: "The deploy could not be saved, or there are as many streams of deploys as there may be",
  },
  run:
    ({ deploys, deployStreams, failures }) => async ({ c, body: { minReadyMs, ...template } }) => {
      deploys.check(template);
      const leave = deployStreams.enter();
      const entry = entryOf(c);
      entry.goOn();
      const steps = new DeploySteps(failures);
      let before: Template | undefined;
      const onStep = (step: DeployStep) => {
        // The first step proves that all earlier changes are done.
        if (step.step !== "pulling") before ??= deploys.template;
        steps.add(step);
      };
      const ended = deploys.run(template, onStep, minReadyMs).finally(leave).then((last) => {
        entry.changed(before, deploys.template);
        entry.end({ outcome: last.step, error: last.reason });
      }, (error) => {
        entry.end({ outcome: "failed", error: errorMessage(error) });
        throw error;
      });
      // A deploy that cannot be saved does not begin; that error gets its own answer.
      await Promise.race([steps.begun, ended]);
      return streamSSE(c, async (stream) => {
        steps.send(stream);
        await ended;
        await steps.written;
      });
    },
});

/** `POST /_lb/drill` */
export const drillReplica: Operation = jsonCall({
  id: "drill",
  group: "Replicas",
  summary: "Kill a replica under load, and measure the costs",
  description: "The balancer sends the load to itself and kills the replica for real. Off unless " +
    "`LB_DRILLS` allows it.",
  body: drill,
  what: "Whether the fleet kept its promise",
  answer: drillReport,
  failures: {
    403: "Drills are off",
    409: "There is no ready replica of the name, or it cannot be killed",
    503: "The engine could not kill it",
  },
  run: ({ drills }) => async ({ c, body }) => {
    if (!drills) {
      throw new DrillError("off", "drills kill replicas and are off; LB_DRILLS=true allows them");
    }
    const before = { instance: drills.upstream(body.kill)?.instance ?? null };
    const report = await makeDrill(body, drills);
    const { passed, missed, incident } = report;
    entryOf(c).changed(before, { instance: incident?.replacement ?? null, passed, missed });
    return report;
  },
});
