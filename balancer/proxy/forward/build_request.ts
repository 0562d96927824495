/**
 * From a head that was read to a request that is ready to be sent.
 *
 * @module
 */
import { ADDED_BYTES, LARGE_BYTES } from "../transport/buffers.ts";
import type { Downstream } from "../downstream/client_connection.ts";
import { FAULTS } from "../http1/fault.ts";
import { writeRequestHead } from "../http1/head_writer.ts";
import { ascii } from "../http1/writer.ts";
import { latin1 } from "../http1/latin1.ts";
import { ownAnswer } from "./own_answer.ts";
import { RefusedError } from "../request/body.ts";
import { Transaction } from "../request/request.ts";

const HTTP = ascii("http");

/**
 * Parses the head and writes it anew, with as much of the body behind it as came with it. Does not
 * wait for anything: all connections share one parser.
 *
 * @param client the connection, its unread bytes beginning with the head
 * @param headEnd behind the head
 * @throws {RefusedError} the request cannot be taken
 */
export function prepare(client: Downstream, headEnd: number): Transaction {
  const { proxy, wire } = client;
  const { requestHead: head, settings: { limits } } = proxy;
  const fault = head.parse(wire.bytes, wire.start, headEnd, limits.fields);
  if (fault) throw new RefusedError(fault);
  return compose(client);
}

/**
 * The same for a request that is all there, head and body, in one pass over it. Of any other it
 * does not say what it is, and leaves it as it was.
 *
 * @param client the connection, its unread bytes beginning with a head, or a part of one
 * @throws {RefusedError} the request cannot be taken
 */
export function prepareWhole(client: Downstream): Transaction | undefined {
  const { proxy, wire } = client;
  const { requestHead: head, settings: { limits } } = proxy;
  if (!head.parseWhole(wire.bytes, wire.start, wire.end, limits.fields)) return undefined;
  if (head.chunked || head.upgrade) return undefined;
  if (head.lineLength > limits.lineBytes) return undefined;
  if (head.end - head.start > limits.headBytes) return undefined;
  if (head.contentLength > wire.end - head.end) return undefined;
  return compose(client);
}

/** From the head that was parsed last. */
function compose(client: Downstream): Transaction {
  const { proxy, wire, body } = client;
  const { requestHead: head, settings } = proxy;
  client.stopwatch.read();
  if (client.trusted) client.identify();
  body.begin(head.contentLength, head.chunked, settings.limits.bodyBytes || Infinity);
  body.awaited = head.expectContinue;
  const given = givenId(client);
  // The host is written a second time, as X-Forwarded-Host.
  const needed = wire.unread + head.hostEnd - head.hostStart + ADDED_BYTES;
  const size = Math.min(needed, LARGE_BYTES);
  const request = new Transaction(head, given, proxy.requestIds, proxy.buffers, size);
  request.answer = ownAnswer(head, wire.bytes, settings.trace);
  request.destination = proxy.destination(client, request);
  if (request.answer !== undefined) {
    request.destination = { ...request.destination, first: undefined };
  }
  const traceparent = proxy.traces?.begin(client, request);
  client.stopwatch.identify(request);
  const at = writeRequestHead(request.out, 0, wire.bytes, head, {
    requestId: given === undefined ? request.idBytes : undefined,
    forwardedFor: client.addressBytes,
    proto: HTTP,
    port: proxy.portBytes,
    via: proxy.via,
    trusted: client.trusted,
    underscores: settings.underscores,
    traceparent,
  });
  if (at < 0) throw new RefusedError(FAULTS.headTooLarge);
  if (traceparent !== undefined) client.stopwatch.record?.trace?.place(at);
  wire.start = head.end;
  request.seal(at + takeBody(client, request, at));
  return request;
}

function givenId({ proxy, wire }: Downstream): string | undefined {
  const { requestIdField: field, fields } = proxy.requestHead;
  if (field < 0) return undefined;
  const id = latin1(wire.bytes, fields.valueStart(field), fields.valueEnd(field));
  return id === "" ? undefined : id;
}

/** @returns how many bytes of the body were put behind the head */
function takeBody({ wire, body }: Downstream, request: Transaction, at: number): number {
  if (body.complete) return 0;
  const room = request.out.length - at;
  const end = body.take(wire.bytes, wire.start, Math.min(wire.end, wire.start + room));
  request.out.set(wire.bytes.subarray(wire.start, end), at);
  const length = end - wire.start;
  wire.start = end;
  return length;
}
