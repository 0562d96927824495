/**
 * A client's connection (HTTP/1.1, RFC 9112). `fetch` repeats and pools requests, which would be
 * missing from the counts.
 *
 * @module
 */

/** A connection that ended too early, or bytes that are no HTTP. */
export class BrokenOff extends Error {
  override readonly name = "BrokenOff";
}

/** The head of a response. */
export interface Head {
  readonly status: number;
  readonly fields: Headers;
}

const READ_BYTES = 16 * 1024;
const encoder = new TextEncoder();
const latin1 = new TextDecoder("latin1");

/** One connection; one request at a time. */
export class HttpConnection implements Disposable {
  readonly #conn: Deno.TcpConn;
  readonly #scratch = new Uint8Array(READ_BYTES);
  #unread = "";
  #closed: string | undefined;
  /** False once another request must not be sent on it. */
  reusable = true;

  private constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
  }

  /** @throws {BrokenOff} the port refuses connections */
  static async open(port: number): Promise<HttpConnection> {
    try {
      const conn = await Deno.connect({ hostname: "127.0.0.1", port });
      conn.setNoDelay(true);
      return new HttpConnection(conn);
    } catch (error) {
      throw new BrokenOff(String(error), { cause: error });
    }
  }

  /** Closes it. A read or write under way fails with the reason. */
  close(reason: string): void {
    if (this.#closed === undefined) this.#conn.close();
    this.#closed ??= reason;
    this.reusable = false;
  }

  [Symbol.dispose](): void {
    this.close("closed by the bench");
  }

  /** @throws {BrokenOff} the other side has closed the connection */
  async send(data: string | Uint8Array): Promise<void> {
    const bytes = typeof data === "string" ? encoder.encode(data) : data;
    try {
      for (let sent = 0; sent < bytes.length;) {
        sent += await this.#conn.write(bytes.subarray(sent));
      }
    } catch (error) {
      throw this.#broken("request", error);
    }
  }

  /** The head of the final response. */
  async head(): Promise<Head> {
    for (;;) {
      const head = parseHead(await this.#until("\r\n\r\n", "head"));
      if (head.fields.get("connection")?.toLowerCase() === "close") this.reusable = false;
      if (head.status < 100 || head.status > 199) return head;
    }
  }

  /** The body that belongs to a head, one character a byte. */
  async text({ fields }: Head): Promise<string> {
    const length = fields.get("content-length");
    if (length !== null) return await this.#exactly(Number(length));
    if (fields.get("transfer-encoding")?.toLowerCase() === "chunked") return await this.#chunks();
    throw new BrokenOff("a response with neither a length nor chunks (body)");
  }

  async #chunks(): Promise<string> {
    for (let body = "";;) {
      const line = await this.#until("\r\n", "body");
      const size = parseInt(line, 16);
      if (!(size >= 0)) throw new BrokenOff(`"${line.trim()}" is no size of a chunk (body)`);
      if (size > 0) body += (await this.#exactly(size + 2)).slice(0, -2);
      if (size > 0) continue;
      while (await this.#until("\r\n", "body") !== "\r\n");
      return body;
    }
  }

  async #exactly(count: number): Promise<string> {
    while (this.#unread.length < count) await this.#more("body");
    return this.#take(count);
  }

  /** Everything up to a mark, the mark included. */
  async #until(mark: string, stage: string): Promise<string> {
    for (;;) {
      const at = this.#unread.indexOf(mark);
      if (at >= 0) return this.#take(at + mark.length);
      await this.#more(stage);
    }
  }

  #take(count: number): string {
    const taken = this.#unread.slice(0, count);
    this.#unread = this.#unread.slice(count);
    return taken;
  }

  async #more(stage: string): Promise<void> {
    try {
      const count = await this.#conn.read(this.#scratch);
      if (count === null) throw new Error("the connection ended");
      this.#unread += latin1.decode(this.#scratch.subarray(0, count));
    } catch (error) {
      throw this.#broken(stage, error);
    }
  }

  #broken(stage: string, error: unknown): BrokenOff {
    this.reusable = false;
    const reason = this.#closed ?? (error instanceof Error ? error.message : String(error));
    return new BrokenOff(`${reason} (${stage})`, { cause: error });
  }
}

function parseHead(text: string): Head {
  const [first = "", ...lines] = text.trimEnd().split("\r\n");
  const status = Number(/^HTTP\/1\.1 (\d{3})(?: |$)/.exec(first)?.[1]);
  if (Number.isNaN(status)) throw new BrokenOff(`"${first}" is no status line (head)`);
  const fields = lines.map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  return { status, fields: new Headers(fields) };
}
