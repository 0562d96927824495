/**
 * The public port: everything that comes in is either a call to the balancer itself or a request
 * for a replica.
 *
 * @module
 */
import { STATUS_CODE } from "@std/http/status";
import { type FailureLog } from "../failures.ts";
import { failureResponse } from "../reply.ts";

/** What the public port hands requests to. */
export interface ServerOptions {
  readonly hostname: string;
  /** TCP port; 0 takes a free one. */
  readonly port: number;
  /** Answers the calls to the balancer itself. */
  readonly control: (request: Request) => Response | Promise<Response>;
  /** Answers everything else. */
  readonly forward: (request: Request, target: string, client: string) => Promise<Response>;
  readonly failures: FailureLog;
}

/**
 * Opens the public port.
 *
 * @throws {Deno.errors.AddrInUse} when the port is taken
 */
export function serve(options: ServerOptions): Deno.HttpServer<Deno.NetAddr> {
  const { hostname, port, control, forward, failures } = options;
  return Deno.serve({
    hostname,
    port,
    onListen: () => {},
    onError: (error) => {
      failures.record("proxy.request", error);
      return failureResponse(STATUS_CODE.InternalServerError, "the balancer failed; it is logged");
    },
  }, (request, info) => {
    const target = requestTarget(request.url);
    if (isControlCall(request.method, target)) return control(request);
    return forward(request, target, info.remoteAddr.hostname);
  });
}

/**
 * Whether a request is for the balancer itself.
 *
 * @param method the request's method
 * @param target its path and query
 */
export function isControlCall(method: string, target: string): boolean {
  const path = target.split("?", 1)[0];
  switch (path) {
    case "/rep":
      return method === "GET" || method === "HEAD";
    case "/add":
      return method === "POST";
    case "/rm":
      return method === "DELETE";
    default:
      return path === "/_lb" || (path?.startsWith("/_lb/") ?? false);
  }
}

/** Path and query as they were sent: parsing the URL would resolve dots and change escapes. */
function requestTarget(url: string): string {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  return start < 0 ? "/" : url.slice(start);
}
