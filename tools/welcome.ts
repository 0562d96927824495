/**
 * What `up` says when everything runs.
 *
 * @module
 */

/**
 * Where it runs, what to try and how to end it.
 *
 * @param url where the balancer listens
 * @param why the engine and the reason for it
 * @param control where it answers all calls, if not there
 * @param path a path that its replicas answer
 */
export function welcome(url: string, why: string, control = url, path = "/home"): string {
  const call = (path: string) =>
    control.startsWith("unix:")
      ? `--unix-socket ${control.slice("unix:".length)} http://ringkeeper${path}`
      : `${control}${path}`;
  return `
ringkeeper runs at ${url}
${why}

try:
  curl ${url}${path}
  curl ${call("/rep")}
  curl -X POST ${call("/add")} -H 'Content-Type: application/json' -d '{"n":1,"hostnames":["S4"]}'
  curl -X DELETE ${call("/rm")} -H 'Content-Type: application/json' -d '{"n":1,"hostnames":["S4"]}'
  curl ${call("/_lb/status")}

logs: make logs    stop: make stop`;
}
