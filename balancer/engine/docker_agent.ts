/**
 * HTTP agent for calls to the Docker Engine.
 *
 * @module
 */
import { Agent } from "node:http";
import { Agent as TlsAgent } from "node:https";
import { inspect } from "node:util";

/**
 * Creates an agent with one connection per call: no connection stays open, so none is stale after a
 * restart of the Engine.
 *
 * dockerode describes the agent to its debug log for each call, even if that log is off. Describing
 * the default agent takes 25 ms of the balancer's main thread.
 */
export function connectionPerCall(tls: boolean): Agent {
  const agent = tls ? new TlsAgent({ keepAlive: false }) : new Agent({ keepAlive: false });
  return Object.assign(agent, { [inspect.custom]: () => "a connection per call" });
}
