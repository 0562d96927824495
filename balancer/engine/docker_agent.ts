/**
 * How connections to the Docker Engine are made.
 *
 * @module
 */
import { Agent } from "node:http";
import { Agent as TlsAgent } from "node:https";
import { inspect } from "node:util";

/**
 * A connection per call: none is left open, none is found dead after the Engine's restart.
 *
 * The client describes the agent to its debug log for every call, whether anybody reads that or
 * not; to describe everything that an agent holds takes 25 ms of the balancer's main thread.
 */
export function connectionPerCall(tls: boolean): Agent {
  const agent = tls ? new TlsAgent({ keepAlive: false }) : new Agent({ keepAlive: false });
  return Object.assign(agent, { [inspect.custom]: () => "a connection per call" });
}
