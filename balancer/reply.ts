/**
 * The body of the balancer's own errors.
 *
 * @module
 */

import type { Failure } from "./answers/answer.ts";

/**
 * Builds the body of an error.
 *
 * @param message the fault and its remedy, for the client to read
 * @param detail further text, if clients compare the message as a whole
 */
export function failureBody(message: string, detail?: string): Failure {
  const body = { message: `<Error> ${message}`, status: "failure" } as const;
  return detail === undefined ? body : { ...body, detail };
}
