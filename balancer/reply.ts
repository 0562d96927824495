/**
 * The form in which the balancer itself reports an error to a client.
 *
 * @module
 */

import type { Failure } from "./answers/answer.ts";

/**
 * The body of an error.
 *
 * @param message what is wrong and what would be right, for the client to read
 */
export function failureBody(message: string): Failure {
  return { message: `<Error> ${message}`, status: "failure" };
}
