/**
 * The kinds of requests: how each is asked, and what a right answer is.
 *
 * @module
 */
import { BrokenOff, type Head, type HttpConnection } from "../harness/http_connection.ts";
import type { Kind } from "./outcome.ts";

/** A request to make. */
export interface Ask {
  readonly key: string;
  /** Chooses what is sent: the part of the random bytes, the number of events. */
  readonly choice: number;
}

/** What is known of an answer as it comes. */
export interface Answer {
  status?: number;
  server?: string;
}

/** An answer that is complete and not right. */
export class WrongAnswer extends Error {
  override readonly name = "WrongAnswer";
}

/** Bytes of the two bodies, and of one chunk. */
export const POST_BYTES = 4 * 1024;
const UPLOAD_BYTES = 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;
/** Milliseconds between two chunks: a client uploads no faster than its line. */
const CHUNK_MS = 4;
/** Different bodies. */
const BODIES = 8;
/** Events of a stream, one each 100 ms. */
const LEAST_EVENTS = 20;
const MOST_EVENTS = 50;
const MOST_SHOWN = 200;

const encoder = new TextEncoder();
const bytes = randomBytes(UPLOAD_BYTES + BODIES);

/** Makes a request and checks its answer; what is known of that stands in `answer` meanwhile. */
export const ASK: Readonly<
  Record<Kind, (connection: HttpConnection, ask: Ask, answer: Answer) => Promise<void>>
> = { get, post, upload, stream };

async function get(connection: HttpConnection, { key }: Ask, answer: Answer): Promise<void> {
  await connection.send(requestHead("GET /home", key));
  const { name } = JSON.parse(await ok(connection, await connection.head(), answer));
  answer.server = name;
}

async function post(connection: HttpConnection, ask: Ask, answer: Answer): Promise<void> {
  const body = bodyOf(ask, POST_BYTES);
  const head = requestHead("POST /echo", ask.key, `Content-Length: ${body.length}`);
  await connection.send(joined([encoder.encode(head), body]));
  await checkEcho(await ok(connection, await connection.head(), answer), body, ask, answer);
}

/** The answer may come before everything was sent; then it is the one that counts. */
async function upload(connection: HttpConnection, ask: Ask, answer: Answer): Promise<void> {
  const body = bodyOf(ask, UPLOAD_BYTES);
  const head = connection.head();
  const answered = head.then(() => "answered", () => "broken off");
  const sending = sendChunks(connection, ask, body, answered);
  const early = await Promise.race([answered, sending]) !== "sent";
  if (early) connection.reusable = false;
  const text = await ok(connection, await head, answer);
  if (early) throw new WrongAnswer("an answer before everything was sent");
  await checkEcho(text, body, ask, answer);
}

async function sendChunks(
  connection: HttpConnection,
  { key }: Ask,
  body: Uint8Array,
  answered: Promise<string>,
): Promise<string> {
  let over = false;
  answered.then(() => over = true);
  try {
    await connection.send(requestHead("POST /echo", key, "Transfer-Encoding: chunked"));
    for (let at = 0; at < body.length && !over; at += CHUNK_BYTES) {
      await connection.send(chunk(body.subarray(at, at + CHUNK_BYTES)));
      await new Promise((resolve) => setTimeout(resolve, CHUNK_MS));
    }
    if (!over) await connection.send("0\r\n\r\n");
    return over ? "answered" : "sent";
  } catch (error) {
    // What counts is the answer, which may be there although nobody reads any more.
    if (error instanceof BrokenOff) return await answered;
    throw error;
  }
}

async function stream(connection: HttpConnection, ask: Ask, answer: Answer): Promise<void> {
  const count = LEAST_EVENTS + ask.choice % (MOST_EVENTS - LEAST_EVENTS);
  await connection.send(requestHead(`GET /events?n=${count}`, ask.key));
  const head = await connection.head();
  if (head.status !== 200) await ok(connection, head, answer);
  answer.status = head.status;
  answer.server = head.fields.get("x-server") ?? "";
  let text = "";
  for await (const piece of connection.body(head)) text += new TextDecoder().decode(piece);
  const events = text.split("\n\n").length - 1;
  if (events !== count) throw new WrongAnswer(`${events} events of ${count}`);
}

/** The body of a success. */
async function ok(connection: HttpConnection, head: Head, answer: Answer): Promise<string> {
  answer.status = head.status;
  const text = await connection.text(head);
  if (head.status === 200) return text;
  throw new WrongAnswer(`${head.status} ${text.replace(/\s+/g, " ").slice(0, MOST_SHOWN)}`);
}

async function checkEcho(text: string, body: Uint8Array, { key }: Ask, answer: Answer) {
  const echo = JSON.parse(text);
  answer.server = echo.name;
  const expected = { id: key, bytes: body.length, digest: await digestOf(body) };
  const right = echo.id === key && echo.bytes === body.length && echo.digest === expected.digest;
  if (!right) throw new WrongAnswer(`${text} instead of ${JSON.stringify(expected)}`);
}

const digests = new Map<string, Promise<string>>();

function digestOf(body: Uint8Array): Promise<string> {
  const name = `${body.byteOffset} ${body.length}`;
  const digest = digests.get(name) ?? crypto.subtle.digest("SHA-256", new Uint8Array(body))
    .then((hash) => new Uint8Array(hash).toHex());
  digests.set(name, digest);
  return digest;
}

function bodyOf({ choice }: Ask, length: number): Uint8Array {
  const from = choice % BODIES;
  return bytes.subarray(from, from + length);
}

function requestHead(call: string, key: string, ...fields: readonly string[]): string {
  const lines = [`${call} HTTP/1.1`, "Host: bench.test", `X-Request-Id: ${key}`, ...fields];
  return `${lines.join("\r\n")}\r\n\r\n`;
}

function chunk(data: Uint8Array): Uint8Array {
  const size = encoder.encode(`${data.length.toString(16)}\r\n`);
  return joined([size, data, encoder.encode("\r\n")]);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function randomBytes(length: number): Uint8Array {
  const all = new Uint8Array(length);
  const most = 65_536;
  for (let at = 0; at < length; at += most) crypto.getRandomValues(all.subarray(at, at + most));
  return all;
}
