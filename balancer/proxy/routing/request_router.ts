/**
 * Routes a request: to the control API, or to the replica that owns its key.
 *
 * @module
 */
import { latin1 } from "../http1/latin1.ts";
import type { RequestHead } from "../http1/request_head.ts";
import type { Client } from "../request/client.ts";
import type { Destination, ProxyRequest } from "../request/request.ts";
import type { PublicApi } from "../settings.ts";
import type { InstancePool } from "../upstream/connection_pool.ts";
import type { ApiTokens } from "./api_tokens.ts";
import type { Affinity } from "./affinity.ts";
import { isApiPath, isControlCall } from "./control_call.ts";
import { requestKey } from "./key.ts";
import type { RequestRules } from "../rules.ts";
import type { RouteTable } from "./route_table.ts";
import type { RoutingTable } from "./routing_table.ts";

/** Dependencies of a {@linkcode RequestRouter}. */
export interface RouterServices {
  /** The head that was parsed last; valid until the next `await`. */
  readonly requestHead: RequestHead;
  /** Finds the rules of a request. */
  routeTable: RouteTable;
  /** The part of the control API that the public port serves. */
  readonly publicApi: PublicApi;
  readonly routes: RoutingTable;
  /** Leads to the control API. */
  readonly control: InstancePool;
  apiTokens: ApiTokens;
  affinity: Affinity;
}

/** The router of one worker. */
export class RequestRouter {
  readonly #services: RouterServices;
  /** The rules of calls of the API, made for the present default. */
  #control: RequestRules | undefined;

  /** @param services dependencies of the router */
  constructor(services: RouterServices) {
    this.#services = services;
  }

  /** Returns the rules of the request whose head was parsed last. */
  rules(client: Client): RequestRules {
    const { requestHead, routeTable } = this.#services;
    if (this.#isControlCall(client)) return this.#controlRules(routeTable.default);
    return routeTable.of(requestHead, client.transport.bytes);
  }

  /** A call of the API may take any time; no route concerns it. */
  #controlRules(rules: RequestRules): RequestRules {
    if (this.#control?.bodyBytes === rules.bodyBytes && this.#control.hold === rules.hold) {
      return this.#control;
    }
    return this.#control = { ...rules, responseMs: Infinity };
  }

  /** Returns the destination of the request whose head was parsed last, and whose rules are set. */
  destination(client: Client, request: ProxyRequest): Destination {
    const { control, routes } = this.#services;
    if (request.rules === this.#control) return { key: undefined, first: control };
    const key = this.#key(client, request);
    return { key, first: routes.current?.owner(key) };
  }

  #key(client: Client, request: ProxyRequest): string {
    const { requestHead: head, affinity } = this.#services;
    const { keySource } = request.rules;
    // The usual case, without the facts that the others need.
    if (keySource.from === "request-id") return request.requestId;
    if (keySource.from === "affinity") return affinity.key(client, head, request);
    return requestKey(keySource, {
      request,
      client: client.origin,
      bytes: client.transport.bytes,
      head,
    });
  }

  #isControlCall({ transport }: Client): boolean {
    const { requestHead, publicApi, apiTokens } = this.#services;
    const { method, targetStart, pathEnd } = requestHead;
    // One letter rules out nearly every request: the API's paths are /add, /rep, /rm, /_lb/...
    const letter = transport.bytes[targetStart + 1]!;
    if (letter !== 0x61 && letter !== 0x72 && letter !== 0x5f) return false;
    const path = latin1(transport.bytes, targetStart, pathEnd);
    if (isControlCall(method, path, publicApi)) return true;
    // The request goes to a replica, but the client may have meant the API.
    if (isApiPath(path)) apiTokens.hide(requestHead.fields, transport.bytes);
    return false;
  }
}
