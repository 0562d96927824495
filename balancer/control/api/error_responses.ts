/**
 * The error responses of a call and their reasons: those that follow from its scope, parameters and
 * body, and the call's own.
 *
 * @module
 */
import type { CallDescription } from "./endpoint.ts";
import type { Scope } from "../auth/scope.ts";

type Reasons = Readonly<Record<number, string>>;

const READ: Reasons = {
  401: "A token is needed, and none was sent or a wrong one",
  403: "The call may not be made from here",
  429: "Too many wrong tokens came from this address",
};

const CHANGE: Reasons = {
  401: "A token of scope admin is needed, and none was sent or a wrong one",
  403:
    "The call may not be made from here: by a page of another site, from the replicas' network, " +
    "with a token that only reads, or while there is no token",
  429: "Too many wrong tokens came from this address",
};

const BY_SCOPE: Readonly<Record<Scope, Reasons>> = {
  public: READ,
  open: READ,
  read: READ,
  admin: CHANGE,
  execute: CHANGE,
};

const BY_PARAMETERS: Reasons = {
  400: "A parameter cannot be used",
};

const BY_BODY: Reasons = {
  400: "The body cannot be used: every fault is named with its field, the bound and the value",
  408: "The body did not arrive in time",
  413: "The body is too long",
};

const BY_ALL: Reasons = {
  500: "A fault of the balancer itself; its log says more",
};

/** Response fields by status. */
export const RESPONSE_HEADERS: Readonly<
  Record<number, Record<string, { description: string; schema: { type: "string" } }>>
> = {
  308: header("Location", "Where it is"),
  401: header("WWW-Authenticate", "`Bearer`"),
  429: header("Retry-After", "In how many seconds it may be tried again"),
};

function header(name: string, description: string) {
  return { [name]: { description, schema: { type: "string" as const } } };
}

/**
 * The errors of a call.
 *
 * @param call its description
 * @returns reasons by status, in ascending order of status
 */
export function failuresOf(
  { scope, params, query, body, failures = {} }: CallDescription,
): ReadonlyMap<number, string> {
  const parts = [
    BY_SCOPE[scope],
    params || query ? BY_PARAMETERS : {},
    body ? BY_BODY : {},
    failures,
    BY_ALL,
  ];
  const why = new Map<number, string[]>();
  for (const [status, reason] of parts.flatMap((part) => Object.entries(part))) {
    why.set(Number(status), [...why.get(Number(status)) ?? [], reason]);
  }
  return new Map(
    [...why].sort(([a], [b]) => a - b).map(([status, all]) => [status, all.join(". ")]),
  );
}
