/**
 * Both ends of the balancer as raw sockets, so that tests see and send exact bytes. Nothing here
 * shares code with the balancer's own parser.
 *
 * @module
 */
export { balancerFor, RawBalancer, upstreamsOf } from "./raw/balancer.ts";
export { RawConnection } from "./raw/connection.ts";
export { FullListener } from "./raw/full_listener.ts";
export { field, get, type RawMessage, statusOf } from "./raw/message.ts";
export { OK, RawUpstream, ResettingUpstream } from "./raw/upstream.ts";
export { DEADLINE_MS, waitUntil, within } from "./raw/within.ts";
