/**
 * Formats a key's destination and its reason.
 *
 * @module
 */
import type { ExplainedReplica, Explanation } from "../../balancer/answers/explanation.ts";
import { plain } from "./figures.ts";
import { type Column, type Look, tableLines } from "./table.ts";

/**
 * Formats the reason as a sentence, and the replicas in routing order.
 *
 * @param explanation the balancer's answer
 * @param look colours and width
 */
export function explanationLines(explanation: Explanation, look: Look): string[] {
  const { reason, key, hashedAs, slot, version, digest, owner, successors, route } = explanation;
  const walk = owner === null ? successors : [owner, ...successors];
  const place = (name: string) => walk.indexOf(name);
  const replicas = explanation.replicas.filter(({ name }) => place(name) >= 0)
    .sort((a, b) => place(a.name) - place(b.name));
  return [
    plain(reason),
    "",
    `key ${JSON.stringify(plain(key))}, hashed as ${hashedAs}: slot ${slot} of ring version ` +
    `${version}, digest ${digest}`,
    ...(route === null ? [] : [`route ${plain(route)}`]),
    ...(replicas.length === 0 ? [] : ["", ...tableLines(columns(walk, look), replicas, look)]),
  ];
}

function columns(walk: readonly string[], { paint }: Look): Column<ExplainedReplica>[] {
  return [
    { title: "REPLICA", cell: ({ name }) => name },
    { title: "ASKED", align: "right", cell: ({ name }) => String(walk.indexOf(name) + 1) },
    { title: "STATE", cell: (one) => stateOf(one, paint) },
    { title: "WEIGHT", align: "right", cell: ({ weight }) => String(weight) },
    { title: "IN FLIGHT", align: "right", cell: ({ inFlight }) => String(inFlight) },
    { title: "AT MOST", align: "right", cell: ({ cap }) => cap === null ? "any" : String(cap) },
  ];
}

function stateOf({ ready, awaited }: ExplainedReplica, paint: Look["paint"]): string {
  if (ready) return paint.green("ready");
  return awaited ? paint.yellow("awaited") : paint.red("away");
}
