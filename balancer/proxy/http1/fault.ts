/**
 * The reasons for refusing a message: constant objects, so that refusing allocates nothing.
 *
 * @module
 */

/** A refusal: the status to answer with, and a reason for the peer. */
export interface Fault {
  readonly status: 400 | 405 | 408 | 413 | 414 | 417 | 431 | 501 | 505 | 502;
  readonly reason: string;
}

function refuse(status: Fault["status"], reason: string): Fault {
  return Object.freeze({ status, reason });
}

/** Every fault of the codec, those of requests and of fields first, then those of responses. */
export const FAULTS = {
  lineEnd: refuse(400, "A line must end with CRLF and hold no NUL"),
  emptyHead: refuse(400, "The request line is empty"),
  requestLine: refuse(400, "The request line must be method, target and version, one space apart"),
  method: refuse(400, "The method must be a token of at most 32 characters"),
  target: refuse(400, "The target holds a character that must be percent-encoded"),
  targetForm: refuse(400, "The target must begin with / or be an absolute http or https URI"),
  asterisk: refuse(400, "The target * is for OPTIONS only"),
  authority: refuse(400, "The authority of the target is not a host with an optional port"),
  version: refuse(400, "The version is malformed"),
  unknownVersion: refuse(505, "Only HTTP/1.0 and HTTP/1.1 are spoken here"),
  connect: refuse(501, "CONNECT is not implemented"),
  fieldName: refuse(400, "A field name must be a token"),
  spaceBeforeColon: refuse(400, "Whitespace between field name and colon"),
  obsFold: refuse(400, "Folded field lines are obsolete"),
  fieldValue: refuse(400, "A field value holds a control character"),
  fieldsEnd: refuse(400, "The field section must end with an empty line"),
  tooManyFields: refuse(431, "Too many fields"),
  uriTooLong: refuse(414, "The request line is too long"),
  headTooLarge: refuse(431, "The head is too large"),
  connectionOption: refuse(400, "Connection must be a list of at most 64 tokens"),
  nomination: refuse(400, "Connection names a field that is meant for every recipient"),
  hostMissing: refuse(400, "An HTTP/1.1 request must have a Host field"),
  hostRepeated: refuse(400, "More than one Host field"),
  host: refuse(400, "Host is not a host with an optional port"),
  contentLength: refuse(400, "Content-Length must be one number of at most 15 digits"),
  contentLengthRepeated: refuse(400, "More than one Content-Length field"),
  lengthAndEncoding: refuse(400, "Content-Length and Transfer-Encoding together"),
  encodingVersion: refuse(400, "Transfer-Encoding in an HTTP/1.0 message"),
  encodingRepeated: refuse(400, "More than one Transfer-Encoding field"),
  encoding: refuse(400, "Transfer-Encoding must end with chunked, once and without parameters"),
  encodingUnknown: refuse(501, "The only transfer coding spoken here is chunked"),
  maxForwards: refuse(400, "Max-Forwards must be one number of at most 15 digits"),
  expectation: refuse(417, "The only expectation met here is 100-continue"),
  chunked: refuse(400, "The chunked body is malformed"),
  timeout: refuse(408, "The request did not arrive in time"),
  bodyTooLarge: refuse(413, "The body is too large"),
  statusLine: refuse(502, "The status line of the upstream is malformed"),
  statusVersion: refuse(502, "The upstream speaks another version than HTTP/1"),
  statusCode: refuse(502, "The status code of the upstream is not between 100 and 999"),
} as const satisfies Record<string, Fault>;

const OF_UPSTREAM = new Map<Fault, Fault>(
  Object.values<Fault>(FAULTS).map((
    fault,
  ) => [fault, fault.status === 502 ? fault : refuse(502, `${fault.reason} (upstream)`)]),
);

/**
 * Returns the fault of an upstream: the same reason with status 502.
 *
 * @param fault one of {@linkcode FAULTS}
 */
export function ofUpstream(fault: Fault): Fault {
  return OF_UPSTREAM.get(fault) ?? FAULTS.statusLine;
}
