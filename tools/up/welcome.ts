/**
 * The message of `up` when everything runs.
 *
 * @module
 */

import { DEFAULT_FLEET } from "../../balancer/engine/fleet_names.ts";
import { verbOf } from "./verb_of.ts";

/** A running balancer. */
export interface Place {
  /** URL of the service. */
  readonly service: string;
  /** Address of the page and the API: a URL, or `unix:/path`. */
  readonly api: string;
  /** The fleet; the default is the default fleet. */
  readonly fleet?: string;
  /** The engine and the reason for it. */
  readonly why: string;
  /** The generated admin token, and its file. */
  readonly token?: { readonly text: string; readonly file: string } | undefined;
  /** The API's calls on the public port, `LB_PUBLIC_API`. */
  readonly publicApi: string;
  /** A path that the replicas answer. */
  readonly path?: string;
}

/**
 * Formats the addresses, commands to try and the command to end the fleet. The token is in the
 * fragment of the page's address, which a browser sends to no server.
 *
 * @param place the balancer
 */
export function welcome(
  { service, api, fleet = DEFAULT_FLEET, why, token, publicApi, path = "/home" }: Place,
): string {
  const unix = api.startsWith("unix:");
  const call = (to: string) =>
    unix ? `--unix-socket ${api.slice("unix:".length)} http://ringkeeper${to}` : `${api}${to}`;
  const textbook = (to: string) => publicApi === "none" ? call(to) : `${service}${to}`;
  const fragment = token ? `#token=${token.text}` : "";
  const json = "-H 'Content-Type: application/json'";
  return `
ringkeeper runs at ${service}
${why}
${unix ? `API:  ${api}` : `page: ${api}/_lb/${fragment}`}${
    token ? `\nthe admin token is in ${token.file}` : ""
  }

try:
  curl ${service}${path}
  curl ${textbook("/rep")}
  curl -X POST ${textbook("/add")} ${json} -d '{"n":1,"hostnames":["S4"]}'
  curl -X DELETE ${textbook("/rm")} ${json} -d '{"n":1,"hostnames":["S4"]}'
  curl ${call("/_lb/status")}

logs: ${verbOf(fleet, "logs")}    stop: ${verbOf(fleet, "stop")}`;
}
