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
 */
export function welcome(url: string, why: string): string {
  return `
ringkeeper runs at ${url}
${why}

try:
  curl ${url}/home
  curl ${url}/rep
  curl -X POST ${url}/add -H 'Content-Type: application/json' -d '{"n":1,"hostnames":["S4"]}'
  curl -X DELETE ${url}/rm -H 'Content-Type: application/json' -d '{"n":1,"hostnames":["S4"]}'
  curl ${url}/_lb/status

logs: make logs    stop: make stop`;
}
