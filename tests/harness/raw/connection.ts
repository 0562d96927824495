/**
 * A connection as a raw socket.
 *
 * @module
 */
import { bytesOf, field, type RawMessage, statusOf, textOf } from "./message.ts";
import { within } from "./within.ts";

/** How a connection ended, and the bytes received before. */
interface RawEnd {
  readonly text: string;
  readonly reset: boolean;
}

/** A TCP connection with its read, unused bytes. */
export class RawConnection implements Disposable {
  readonly #connection: Deno.TcpConn | Deno.TlsConn;
  readonly #buffer = new Uint8Array(256 * 1024);
  #unread = "";
  #end: "eof" | "reset" | undefined;

  constructor(connection: Deno.TcpConn | Deno.TlsConn) {
    if ("setNoDelay" in connection) connection.setNoDelay(true);
    this.#connection = connection;
  }

  /** Connects to a port of this machine. */
  static async to(port: number): Promise<RawConnection> {
    return new RawConnection(
      await within("connect", Deno.connect({ port, hostname: "127.0.0.1" })),
    );
  }

  /** Bytes that were read and not used yet. */
  get unread(): string {
    return this.#unread;
  }

  async send(data: string | Uint8Array): Promise<void> {
    let rest = typeof data === "string" ? bytesOf(data) : data;
    while (rest.length > 0) rest = rest.subarray(await this.#connection.write(rest));
  }

  /** One write a piece, each on the wire before the next. */
  async sendPieces(pieces: Iterable<string>): Promise<void> {
    for (const piece of pieces) await this.send(piece);
  }

  /** Ends this side and goes on reading. */
  async end(): Promise<void> {
    await this.#connection.closeWrite();
  }

  /** Waits until the bytes decide the question, and leaves them unread. */
  async startsWith(start: string): Promise<boolean> {
    while (start.startsWith(this.#unread) && this.#unread !== start) {
      if (!await this.#fill(start.length - this.#unread.length)) throw new Error("said nothing");
    }
    return this.#unread.startsWith(start);
  }

  /** Everything up to the marker and with it. */
  async until(marker: string): Promise<string> {
    const wait = async () => {
      let from = 0;
      for (;;) {
        const at = this.#unread.indexOf(marker, from);
        if (at >= 0) return this.#take(at + marker.length);
        from = Math.max(0, this.#unread.length - marker.length);
        await this.#need(marker);
      }
    };
    return await within(`until ${JSON.stringify(marker)}`, wait());
  }

  /** Reads exactly the given number of bytes. */
  async exactly(count: number): Promise<string> {
    const wait = async () => {
      while (this.#unread.length < count) await this.#need(`${count} bytes`);
      return this.#take(count);
    };
    return await within(`${count} bytes`, wait());
  }

  /** Reads and drops the given number of bytes. */
  async skip(count: number): Promise<void> {
    let left = count - this.#unread.length;
    this.#unread = "";
    while (left > 0) {
      const read = await within("bytes to skip", this.#connection.read(this.#buffer));
      if (read === null) throw new Error(`ended with ${left} of ${count} bytes to come`);
      left -= read;
    }
    if (left < 0) throw new Error(`${-left} bytes more than ${count}`);
  }

  /** Everything up to the end of the connection. */
  async rest(): Promise<RawEnd> {
    const wait = async () => {
      while (await this.#fill());
    };
    await within("the end of the connection", wait());
    return { text: this.#take(this.#unread.length), reset: this.#end === "reset" };
  }

  /** A whole response. @param method of the request that it answers */
  async response(method = "GET"): Promise<RawMessage> {
    const { line, fields } = await this.head();
    const status = statusOf({ line, fields, raw: "", body: "" });
    const bodyless = status < 200 || status === 204 || status === 304 || method === "HEAD";
    if (bodyless) return { line, fields, raw: "", body: "" };
    return { line, fields, ...await this.#body(fields, true) };
  }

  /** A whole request. */
  async request(): Promise<RawMessage> {
    const { line, fields } = await this.head();
    return { line, fields, ...await this.#body(fields, false) };
  }

  /** A head alone. */
  async head(): Promise<Pick<RawMessage, "line" | "fields">> {
    const [line = "", ...fields] = (await this.until("\r\n\r\n")).slice(0, -4).split("\r\n");
    return { line, fields };
  }

  /** The head of a message whose body is yet to come. */
  async headOnly(): Promise<RawMessage> {
    return { ...await this.head(), raw: "", body: "" };
  }

  /** Closes it; with bytes that were not read the peer sees a reset. */
  close(): void {
    try {
      this.#connection.close();
    } catch (error) {
      // A test may close it early.
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #body(fields: readonly string[], untilEnd: boolean) {
    const message = { line: "", fields, raw: "", body: "" };
    if (field(message, "transfer-encoding") === "chunked") return await this.#chunks();
    const length = field(message, "content-length");
    if (length === undefined && untilEnd) {
      const { text } = await this.rest();
      return { raw: text, body: text };
    }
    const raw = await this.exactly(Number(length ?? 0));
    return { raw, body: raw };
  }

  async #chunks() {
    let raw = "";
    let body = "";
    for (;;) {
      const line = await this.until("\r\n");
      const size = parseInt(line, 16);
      raw += line;
      if (size === 0) break;
      const chunk = await this.exactly(size + 2);
      raw += chunk;
      body += chunk.slice(0, -2);
    }
    for (let line = ""; line !== "\r\n";) raw += line = await this.until("\r\n");
    return { raw, body };
  }

  #take(count: number): string {
    const taken = this.#unread.slice(0, count);
    this.#unread = this.#unread.slice(count);
    return taken;
  }

  async #need(what: string): Promise<void> {
    if (await this.#fill()) return;
    throw new Error(`${this.#end} instead of ${what} after ${JSON.stringify(this.#unread)}`);
  }

  async #fill(most = Infinity): Promise<boolean> {
    if (this.#end) return false;
    try {
      const count = await this.#connection.read(this.#buffer.subarray(0, most));
      if (count === null) this.#end = "eof";
      else this.#unread += textOf(this.#buffer.subarray(0, count));
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
      this.#end = "reset";
    }
    return this.#end === undefined;
  }
}
