/**
 * A client of HTTP/2 that sends frames of any form, and parses the responses.
 *
 * @module
 */
import { errorName } from "../../../balancer/proxy/http2/error_code.ts";
import * as frame from "../../../balancer/proxy/http2/frame.ts";
import {
  FieldReader,
  type Frame,
  frameOf,
  framesIn,
  join,
  type Pair,
  settings,
} from "../../../balancer/proxy/http2/testing.ts";
import { within } from "../../harness/raw.ts";

/** The response on one stream. */
interface StreamAnswer {
  /** Fields of each HEADERS: interim responses, the final one, trailers. */
  readonly sections: string[][];
  body: string;
  ended: boolean;
  /** Name of the error of RST_STREAM. */
  reset: string | undefined;
}

const MARK = new TextEncoder().encode("the mark");

/** One connection. Frames are read only while the test waits for something. */
export class Http2Client implements Disposable {
  readonly streams = new Map<number, StreamAnswer>();
  readonly frames: Frame[] = [];
  /** Names of the errors of GOAWAY, with the last stream of each. */
  readonly goAways: [code: string, last: number][] = [];
  closed = false;
  readonly #connection: Deno.Conn;
  readonly #fields = new FieldReader();
  readonly #buffer = new Uint8Array(64 * 1024);
  #rest = new Uint8Array(0);
  #marks = 0;
  #disposed = false;

  private constructor(connection: Deno.Conn) {
    this.#connection = connection;
  }

  /** Connects; sends nothing. */
  static async to(port: number): Promise<Http2Client> {
    return new Http2Client(await connect(port));
  }

  /** Connects over TLS; sends nothing. @param ca the authority of `a.test`, as PEM text */
  static async toTls(port: number, ca: string): Promise<Http2Client> {
    const options = { hostname: "a.test", caCerts: [ca], alpnProtocols: ["h2"] };
    const secured = Deno.startTls(await connect(port), options);
    return new Http2Client(await within("the handshake", secured));
  }

  /** Connects, and exchanges settings. */
  static async open(port: number, ...pairs: (readonly [number, number])[]): Promise<Http2Client> {
    return await (await Http2Client.to(port)).start(...pairs);
  }

  /** Exchanges settings. */
  async start(...pairs: (readonly [number, number])[]): Promise<Http2Client> {
    const ack = frameOf(frame.SETTINGS, frame.ACK, 0);
    await this.send(frame.PREFACE, settings(...pairs), ack);
    return this;
  }

  async send(...parts: readonly Uint8Array[]): Promise<void> {
    let rest = join(...parts);
    try {
      while (rest.length > 0) rest = rest.subarray(await this.#connection.write(rest));
    } catch (error) {
      // The balancer has closed the connection already: its earlier bytes are read.
      if (!isEnd(error)) throw error;
    }
  }

  /** The answer of a stream so far. */
  stream(id: number): StreamAnswer {
    const known = this.streams.get(id) ??
      { sections: [], body: "", ended: false, reset: undefined };
    this.streams.set(id, known);
    return known;
  }

  /** Waits until it is so, or the connection has ended. */
  async until(what: string, holds: () => boolean): Promise<void> {
    const wait = async () => {
      while (!holds() && !this.closed) await this.#read();
    };
    await within(what, wait());
  }

  /** Waits until a stream has ended. */
  async answer(id: number): Promise<StreamAnswer> {
    const stream = this.stream(id);
    const over = () => stream.ended || stream.reset !== undefined || this.#failed;
    await this.until(`the answer of stream ${id}`, over);
    return stream;
  }

  /** Waits until everything that was sent before has been read by the balancer. */
  async seen(): Promise<void> {
    const marks = this.#marks + 1;
    await this.send(frameOf(frame.PING, 0, 0, MARK));
    await this.until("the answer of PING", () => this.#marks >= marks || this.#failed);
  }

  /** Ends this side. */
  end(): Promise<void> {
    return this.#connection.closeWrite();
  }

  get #failed(): boolean {
    return this.goAways.some(([code]) => code !== "NO_ERROR");
  }

  async #read(): Promise<void> {
    let count: number | null = null;
    try {
      count = await this.#connection.read(this.#buffer);
    } catch (error) {
      if (!isEnd(error)) throw error;
    }
    if (count === null) {
      this.closed = true;
      return;
    }
    const { frames, rest } = framesIn(join(this.#rest, this.#buffer.subarray(0, count)));
    this.#rest = rest;
    for (const one of frames) this.#take(one);
  }

  #take(one: Frame): void {
    this.frames.push(one);
    const { type, flags, payload } = one;
    if (type === frame.HEADERS) this.stream(one.stream).sections.push(this.#fields.read(one));
    if (type === frame.DATA) this.stream(one.stream).body += new TextDecoder().decode(payload);
    if (type === frame.DATA || type === frame.HEADERS) {
      if ((flags & frame.END_STREAM) !== 0) this.stream(one.stream).ended = true;
    }
    if (type === frame.RST_STREAM) {
      this.stream(one.stream).reset = errorName(frame.read32(payload, 0));
    }
    if (type === frame.GOAWAY) {
      this.goAways.push([errorName(frame.read32(payload, 4)), frame.read31(payload, 0)]);
    }
    if (type === frame.PING && (flags & frame.ACK) !== 0 && payload[0] === MARK[0]) this.#marks++;
  }

  /** Closes the connection; once. */
  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#connection.close();
  }
}

async function connect(port: number): Promise<Deno.TcpConn> {
  const connection = await within("connect", Deno.connect({ port, hostname: "127.0.0.1" }));
  connection.setNoDelay(true);
  return connection;
}

function isEnd(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.ConnectionAborted ||
    error instanceof Deno.errors.UnexpectedEof;
}

/** The status of an answer; undefined without one. */
export function statusOf({ sections }: StreamAnswer): string | undefined {
  return sections.flat().findLast((field) => field.startsWith(":status: "))?.slice(9);
}

/** A field of an answer. */
export function fieldOf({ sections }: StreamAnswer, name: string): string | undefined {
  return sections.flat().find((field) => field.startsWith(`${name}: `))?.slice(name.length + 2);
}

/** The pseudo-header fields of a request. */
export function request(method: string, path: string, ...fields: readonly Pair[]): Pair[] {
  return [
    [":method", method],
    [":scheme", "http"],
    [":path", path],
    [":authority", "a.example"],
    ...fields,
  ];
}
