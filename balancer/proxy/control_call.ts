/**
 * Which requests are for the balancer itself.
 *
 * @module
 */

/**
 * Whether a request is for the balancer itself.
 *
 * @param method the request's method
 * @param path its path, without the query
 */
export function isControlCall(method: string, path: string): boolean {
  switch (path) {
    case "/rep":
      return method === "GET" || method === "HEAD";
    case "/add":
      return method === "POST";
    case "/rm":
      return method === "DELETE";
    default:
      return path === "/_lb" || path.startsWith("/_lb/");
  }
}
