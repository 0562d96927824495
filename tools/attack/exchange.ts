/**
 * Sends bytes to the balancer and reads the bytes that come back.
 *
 * @module
 */
import { bytesOf, textOf } from "../../tests/harness/raw/message.ts";
import { within } from "../../tests/harness/raw/within.ts";

/** The parts of a response that attacks check. */
export interface Reply {
  readonly status: number;
  /** The head with its empty line. */
  readonly head: string;
  readonly body: string;
}

/** The bytes received on a connection. */
interface Exchange {
  /** Bytes, one character each. */
  readonly text: string;
  /** Whether the balancer left the connection open beyond the deadline. */
  readonly stuck: boolean;
}

/** Milliseconds until a connection that is neither answered nor closed counts as stuck. */
const DEADLINE_MS = 30_000;

/**
 * Sends bytes on a new connection, ends this side and reads until the other side ends.
 *
 * @param port the port on this machine
 * @param message bytes, one character each
 * @param enough ends the exchange early, given the bytes so far
 */
export async function exchange(
  port: number,
  message: string,
  enough: (text: string) => boolean = () => false,
): Promise<Exchange> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  let text = "";
  const talk = async () => {
    await send(connection, bytesOf(message));
    const buffer = new Uint8Array(16_384);
    for (;;) {
      const count = await connection.read(buffer);
      if (count === null) return;
      text += textOf(buffer.subarray(0, count));
      if (enough(text)) return;
    }
  };
  try {
    await within("the end of the connection", talk(), DEADLINE_MS);
    return { text, stuck: false };
  } catch (error) {
    return { text, stuck: !isBroken(error) };
  } finally {
    connection.close();
  }
}

/** The balancer may refuse a message before the client has sent all of it. */
async function send(connection: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  try {
    for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
    await connection.closeWrite();
  } catch (error) {
    if (!isBroken(error)) throw error;
  }
}

function isBroken(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.NotConnected;
}

/**
 * Parses the responses at the start of a text. Those with a status below 200 are left out.
 *
 * @param text the bytes of a connection
 * @param methods methods of the requests, in their order: a response to HEAD has no body
 */
export function replies(text: string, methods: readonly string[] = []): Reply[] {
  const found: Reply[] = [];
  for (let rest = text;;) {
    const end = rest.indexOf("\r\n\r\n") + 4;
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(rest)?.[1] ?? NaN);
    if (end < 4 || Number.isNaN(status)) return found;
    const head = rest.slice(0, end);
    const bodyless = status < 200 || status === 204 || status === 304 ||
      methods[found.length] === "HEAD";
    const { body, length } = bodyless ? { body: "", length: 0 } : bodyOf(head, rest.slice(end));
    if (status >= 200) found.push({ status, head, body });
    rest = rest.slice(end + length);
  }
}

function bodyOf(head: string, rest: string): { body: string; length: number } {
  if (/\r\ntransfer-encoding: *chunked/i.test(head)) return chunksOf(rest);
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? rest.length);
  return { body: rest.slice(0, length), length };
}

function chunksOf(text: string): { body: string; length: number } {
  let [body, at] = ["", 0];
  for (;;) {
    const line = /^([0-9a-f]+)[^\r]*\r\n/i.exec(text.slice(at, at + 64));
    if (!line) return { body, length: text.length };
    const size = parseInt(line[1]!, 16);
    at += line[0].length;
    if (size === 0) return { body, length: text.indexOf("\r\n", at) + 2 };
    body += text.slice(at, at + size);
    at += size + 2;
  }
}
