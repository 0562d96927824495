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
 */
export function welcome(url: string, why: string, control = url): string {
  const status = control.startsWith("unix:")
    ? `--unix-socket ${control.slice("unix:".length)} http://ringkeeper/_lb/status`
    : `${control}/_lb/status`;
  return `
ringkeeper runs at ${url}
${why}

try:
  curl ${url}/home
  curl ${url}/rep
  curl -X POST ${url}/add -H 'Content-Type: application/json' -d '{"n":1,"hostnames":["S4"]}'
  curl -X DELETE ${url}/rm -H 'Content-Type: application/json' -d '{"n":1,"hostnames":["S4"]}'
  curl ${status}

logs: make logs    stop: make stop`;
}
