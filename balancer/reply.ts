/**
 * The form in which the balancer itself reports an error to a client.
 *
 * @module
 */

/** Body of every error that comes from the balancer rather than from a replica. */
export interface FailureBody {
  readonly message: string;
  readonly status: "failure";
}

/**
 * The body of an error.
 *
 * @param message what is wrong and what would be right, for the client to read
 */
export function failureBody(message: string): FailureBody {
  return { message: `<Error> ${message}`, status: "failure" };
}
