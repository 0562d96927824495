/**
 * Compares the codec's results with the reference's.
 *
 * @module
 */

import type { ReferenceRequest, ReferenceResponse } from "./reference.ts";
import { textOf } from "./reference_writer.ts";
import type { RequestHead } from "../request_head.ts";
import type { ResponseHead } from "../response_head.ts";

/** A disagreement, with the input that shows it. */
export class FuzzError extends Error {
  /**
   * @param what the difference
   * @param input the input, one character a byte
   */
  constructor(what: string, input: string) {
    super(`${what}: ${JSON.stringify(input)}`);
    this.name = "FuzzError";
  }
}

/** @throws {FuzzError} codec and reference differ in a request */
export function compareRequest(
  bytes: Uint8Array,
  head: RequestHead,
  expected: ReferenceRequest,
  input: string,
): void {
  const target = textOf(bytes.subarray(head.targetStart, head.targetEnd));
  agree("method", head.method, expected.method, input);
  agree("target", target, expected.target, input);
  const path = textOf(bytes.subarray(head.targetStart, head.pathEnd));
  agree("path", path, expected.target.split("?", 1)[0]!, input);
  agree("host", textOf(bytes.subarray(head.hostStart, head.hostEnd)), expected.host, input);
  agree("absolute", head.absolute, expected.absolute, input);
  agree("trailers", head.trailers, expected.trailers, input);
  agree("Max-Forwards", head.maxForwards, expected.maxForwards, input);
  agree("expectation", head.expectContinue, expected.expectContinue, input);
  compareCommon(head, expected, input);
}

/** @throws {FuzzError} codec and reference differ in a response */
export function compareResponse(
  bytes: Uint8Array,
  head: ResponseHead,
  expected: ReferenceResponse,
  input: string,
): void {
  agree("status", head.status, expected.status, input);
  agree("length in a list", head.lengthListed, expected.listed, input);
  const reason = textOf(bytes.subarray(head.reasonStart, head.reasonEnd));
  agree("reason", reason, expected.reason, input);
  compareCommon(head, expected, input);
}

function compareCommon(
  head: RequestHead | ResponseHead,
  expected: ReferenceRequest | ReferenceResponse,
  input: string,
): void {
  agree("minor version", head.minor, expected.minor, input);
  agree("fields", head.fields.count, expected.fields.length, input);
  agree("length", head.contentLength, expected.length, input);
  agree("chunked", head.chunked, expected.chunked, input);
  agree("keep-alive", head.keepAlive, expected.keepAlive, input);
  agree("upgrade", head.upgrade, expected.upgrade, input);
  const id = expected.fields.findIndex((field) => field.name === "x-request-id");
  agree("field of the request identifier", head.requestIdField, id, input);
}

/** @throws {FuzzError} two values differ */
export function agree<T>(what: string, actual: T, expected: T, input: string): void {
  if (actual === expected) return;
  throw new FuzzError(`${what}: ${String(actual)} instead of ${String(expected)}`, input);
}
