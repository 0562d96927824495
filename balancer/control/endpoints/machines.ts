/**
 * The calls about machines: list, drain, open again.
 *
 * @module
 */
import { machines as answer } from "../../answers/machines.ts";
import { jsonCall, type Operation } from "../api/endpoint.ts";
import { entryOf } from "../auth/audit.ts";
import { machineChange, machineName } from "../input/machine_requests.ts";

/** `GET /_lb/machines` */
export const listMachines: Operation = jsonCall({
  id: "listMachines",
  group: "Machines",
  summary: "The machines of a swarm, and the replicas on each",
  what: "The machines; none for an engine of one machine",
  answer,
  run: ({ machines }) => () => machines.list(),
});

/** `PATCH /_lb/machines/NAME` */
export const changeMachine: Operation = jsonCall({
  id: "changeMachine",
  group: "Machines",
  summary: "Drain a machine, or open it again",
  description:
    "drain: the machine gets no new replicas; each of its replicas gets a successor on " +
    "another machine, which is ready before the old instance drains; then Swarm ends what is left " +
    "there. Requests are not lost. The names of replicas and their slots stay.",
  params: machineName,
  body: machineChange,
  what: "The machines, once the change is made",
  answer,
  failures: {
    404: "There is no such machine",
    409: "The engine has one machine only",
    503:
      "A successor did not become ready, or the drain could not be saved: the machine is as before",
  },
  run: ({ machines }) => async ({ c, params: { name }, body: { availability } }) => {
    const before = await machines.list();
    const after = await machines.set(name, availability);
    entryOf(c).changed(before, after);
    return after;
  },
});
