/**
 * Decides which requests are control API calls.
 *
 * @module
 */

import type { PublicApi } from "../settings.ts";

/**
 * Whether a request is a control API call. All other requests go to a replica, whatever their path.
 *
 * @param method the request's method
 * @param path its path, without the query
 * @param api the part of the API that the public port serves
 */
export function isControlCall(method: string, path: string, api: PublicApi): boolean {
  if (api === "none") return false;
  switch (path) {
    case "/rep":
      return method === "GET" || method === "HEAD";
    case "/add":
      return method === "POST";
    case "/rm":
      return method === "DELETE";
    default:
      return api === "all" && isBelowApi(path);
  }
}

/**
 * Whether a client may mean the control API by a path, on this port or on another.
 *
 * @param path the request's path, without the query
 */
export function isApiPath(path: string): boolean {
  return path === "/rep" || path === "/add" || path === "/rm" || isBelowApi(path);
}

function isBelowApi(path: string): boolean {
  return path === "/_lb" || path.startsWith("/_lb/");
}
