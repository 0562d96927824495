/**
 * The requests of the load: how each kind is sent, and which answer is right.
 *
 * @module
 */
import { BrokenOff, type Head, type HttpConnection } from "../harness/connection.ts";

/** A page, 4 KiB of echo, 1 MiB of echo in chunks, a stream of events. */
export type Kind = "get" | "post" | "upload" | "stream";

/** One request from its first byte to the end of its answer, or to its failure. */
export interface Outcome {
  readonly kind: Kind;
  /** The key that it was routed by; the collector knows a POST by it. */
  readonly key: string;
  /** Milliseconds since the epoch. */
  readonly start: number;
  readonly end: number;
  /** Status of the answer, if its head came. */
  readonly status?: number;
  /** The replica that answered, if the answer named it. */
  readonly server?: string;
  /** The reason why this was no complete right answer. */
  readonly fault?: string;
}

/** A request to send. */
interface Ask {
  readonly key: string;
  /** Chooses the part of the random bytes, or the number of events. */
  readonly choice: number;
}

/** The part of an answer that has come so far. */
export interface Answer {
  status?: number;
  server?: string;
}

/** An answer that is complete and not right. */
export class WrongAnswer extends Error {
  override readonly name = "WrongAnswer";
}

const POST_BYTES = 4 * 1024;
const UPLOAD_BYTES = 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;
/** Milliseconds between two chunks: a client uploads no faster than its line. */
const CHUNK_MS = 4;
/** Different bodies. */
const BODIES = 8;
/** Events of a stream, one each 100 ms. */
const LEAST_EVENTS = 20;
const MOST_EVENTS = 50;

const bytes = randomBytes(UPLOAD_BYTES + BODIES);

/** Sends a request and checks its answer; `answer` is filled as the answer comes. */
export const SEND: Readonly<
  Record<Kind, (connection: HttpConnection, ask: Ask, answer: Answer) => Promise<void>>
> = { get, post, upload, stream };

async function get(connection: HttpConnection, { key }: Ask, answer: Answer): Promise<void> {
  await connection.send(requestHead("GET /home", key));
  const { name } = JSON.parse(await success(connection, await connection.head(), answer));
  answer.server = name;
}

async function post(connection: HttpConnection, ask: Ask, answer: Answer): Promise<void> {
  const body = bodyOf(ask, POST_BYTES);
  const head = requestHead("POST /echo", ask.key, `Content-Length: ${body.length}`);
  await connection.send(joined(head, body));
  await checkEcho(await success(connection, await connection.head(), answer), body, ask, answer);
}

/** The answer may come before everything was sent; then it is the one that counts. */
async function upload(connection: HttpConnection, ask: Ask, answer: Answer): Promise<void> {
  const body = bodyOf(ask, UPLOAD_BYTES);
  const head = connection.head();
  const answered = head.then(() => "answered", () => "broken off");
  const sending = sendChunks(connection, ask, body, answered);
  const early = await Promise.race([answered, sending]) !== "sent";
  if (early) connection.reusable = false;
  const text = await success(connection, await head, answer);
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
      const chunk = body.subarray(at, at + CHUNK_BYTES);
      await connection.send(joined(`${chunk.length.toString(16)}\r\n`, chunk, "\r\n"));
      await new Promise((resolve) => setTimeout(resolve, CHUNK_MS));
    }
    if (!over) await connection.send("0\r\n\r\n");
    return over ? "answered" : "sent";
  } catch (error) {
    // The answer decides: it may arrive although the other side no longer reads.
    if (error instanceof BrokenOff) return await answered;
    throw error;
  }
}

async function stream(connection: HttpConnection, ask: Ask, answer: Answer): Promise<void> {
  const count = LEAST_EVENTS + ask.choice % (MOST_EVENTS - LEAST_EVENTS);
  await connection.send(requestHead(`GET /events?n=${count}`, ask.key));
  const head = await connection.head();
  if (head.status === 200) answer.server = head.fields.get("x-server") ?? "";
  const events = (await success(connection, head, answer)).split("\n\n").length - 1;
  if (events !== count) throw new WrongAnswer(`${events} events of ${count}`);
}

/** The body of a success. */
async function success(connection: HttpConnection, head: Head, answer: Answer): Promise<string> {
  answer.status = head.status;
  const text = await connection.text(head);
  if (head.status === 200) return text;
  throw new WrongAnswer(`${head.status} ${text.replace(/\s+/g, " ").slice(0, 200)}`);
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

function joined(...parts: readonly (string | Uint8Array)[]): Uint8Array {
  const encoder = new TextEncoder();
  const all = parts.map((part) => typeof part === "string" ? encoder.encode(part) : part);
  const whole = new Uint8Array(all.reduce((length, part) => length + part.length, 0));
  all.reduce((at, part) => (whole.set(part, at), at + part.length), 0);
  return whole;
}

function randomBytes(length: number): Uint8Array {
  const all = new Uint8Array(length);
  const most = 65_536;
  for (let at = 0; at < length; at += most) crypto.getRandomValues(all.subarray(at, at + most));
  return all;
}
