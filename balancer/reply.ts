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
 * @param detail more of that, where the message is one that clients compare as a whole
 */
export function failureBody(message: string, detail?: string): Failure {
  const body = { message: `<Error> ${message}`, status: "failure" } as const;
  return detail === undefined ? body : { ...body, detail };
}
