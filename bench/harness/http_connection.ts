/**
 * A client's connection, byte by byte: what `fetch` repeats, pools or hides would be missing from
 * the count (HTTP/1.1, RFC 9112).
 *
 * @module
 */

/** Where in a request its connection broke. */
export type Stage = "connect" | "request" | "head" | "body";

/** A connection that ended too early, or said what nobody can read. */
export class BrokenOff extends Error {
  override readonly name = "BrokenOff";

  constructor(readonly stage: Stage, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/** The head of a response. */
export interface Head {
  readonly status: number;
  /** Fields by their names in lower case. */
  readonly fields: ReadonlyMap<string, string>;
}

const READ_BYTES = 16 * 1024;
const encoder = new TextEncoder();
const latin1 = new TextDecoder("latin1");

/** One connection; one request at a time. */
export class HttpConnection implements Disposable {
  readonly #conn: Deno.TcpConn;
  readonly #scratch = new Uint8Array(READ_BYTES);
  #unread: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #closed: string | undefined;
  /** False once another request must not be sent on it. */
  reusable = true;

  private constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
  }

  /** @throws {BrokenOff} nobody listens */
  static async open(port: number): Promise<HttpConnection> {
    try {
      const conn = await Deno.connect({ hostname: "127.0.0.1", port });
      conn.setNoDelay(true);
      return new HttpConnection(conn);
    } catch (error) {
      throw new BrokenOff("connect", String(error), { cause: error });
    }
  }

  /** Closes it. Whoever waits for it fails with the reason. */
  close(reason: string): void {
    if (this.#closed === undefined) this.#conn.close();
    this.#closed ??= reason;
    this.reusable = false;
  }

  [Symbol.dispose](): void {
    this.close("closed by the bench");
  }

  /** @throws {BrokenOff} the other side is gone */
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
      if (head.status < 100 || head.status > 199) return this.#noted(head);
    }
  }

  /** The body, piece by piece as it comes. */
  async *body({ fields }: Head): AsyncGenerator<Uint8Array> {
    const length = fields.get("content-length");
    if (fields.get("transfer-encoding")?.toLowerCase() === "chunked") yield* this.#chunks();
    else if (length !== undefined) yield* this.#bytes(Number(length));
    else throw new BrokenOff("body", "a response with neither a length nor chunks");
  }

  /** The whole body. */
  async text(head: Head): Promise<string> {
    let text = "";
    for await (const piece of this.body(head)) text += latin1.decode(piece);
    return text;
  }

  #noted(head: Head): Head {
    if (head.fields.get("connection")?.toLowerCase() === "close") this.reusable = false;
    return head;
  }

  async *#chunks(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const line = await this.#until("\r\n", "body");
      const size = parseInt(line, 16);
      if (!(size >= 0)) throw new BrokenOff("body", `"${line.trim()}" is no chunk's size`);
      if (size === 0) break;
      yield* this.#bytes(size);
      await this.#until("\r\n", "body");
    }
    while (await this.#until("\r\n", "body") !== "\r\n");
  }

  async *#bytes(count: number): AsyncGenerator<Uint8Array> {
    for (let left = count; left > 0;) {
      if (this.#unread.length === 0) await this.#more("body");
      const piece = this.#unread.subarray(0, left);
      this.#unread = this.#unread.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }

  /** Everything up to a mark, the mark included. */
  async #until(mark: string, stage: Stage): Promise<string> {
    for (;;) {
      const text = latin1.decode(this.#unread);
      const end = text.indexOf(mark);
      if (end >= 0) {
        this.#unread = this.#unread.subarray(end + mark.length);
        return text.slice(0, end + mark.length);
      }
      await this.#more(stage);
    }
  }

  async #more(stage: Stage): Promise<void> {
    let count: number | null;
    try {
      count = await this.#conn.read(this.#scratch);
    } catch (error) {
      throw this.#broken(stage, error);
    }
    if (count === null) throw this.#broken(stage, new Error("the connection ended"));
    const joined = new Uint8Array(this.#unread.length + count);
    joined.set(this.#unread);
    joined.set(this.#scratch.subarray(0, count), this.#unread.length);
    this.#unread = joined;
  }

  #broken(stage: Stage, error: unknown): BrokenOff {
    this.reusable = false;
    const why = this.#closed ?? (error instanceof Error ? error.message : String(error));
    return new BrokenOff(stage, `${why} (${stage})`, { cause: error });
  }
}

function parseHead(text: string): Head {
  const [first = "", ...lines] = text.trimEnd().split("\r\n");
  const status = Number(/^HTTP\/1\.1 (\d{3})(?: |$)/.exec(first)?.[1] ?? NaN);
  if (Number.isNaN(status)) throw new BrokenOff("head", `"${first}" is no status line`);
  const fields = lines.map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return { status, fields: new Map(fields) };
}
