/**
 * A server that services of a bench report to, line by line.
 *
 * @module
 */

/** Takes reports. */
export class LineServer implements Disposable {
  readonly #listener: Deno.TcpListener;
  readonly #onLine: (line: string, from: Deno.TcpConn) => void;
  /** The services that are connected. */
  readonly connections = new Set<Deno.TcpConn>();

  /**
   * @param hostname the address to listen on
   * @param onLine receives every line, without its end
   */
  constructor(hostname: string, onLine: (line: string, from: Deno.TcpConn) => void) {
    this.#listener = Deno.listen({ hostname, port: 0 });
    this.#onLine = onLine;
    this.#accept();
  }

  /** Port that it listens on. */
  get port(): number {
    return this.#listener.addr.port;
  }

  [Symbol.dispose](): void {
    this.#listener.close();
    for (const connection of this.connections) connection.close();
  }

  async #accept(): Promise<void> {
    for await (const connection of this.#listener) this.#read(connection);
  }

  async #read(connection: Deno.TcpConn): Promise<void> {
    this.connections.add(connection);
    try {
      const decoder = new TextDecoder();
      const scratch = new Uint8Array(4096);
      let rest = "";
      for (let count = await connection.read(scratch); count !== null;) {
        const lines = (rest + decoder.decode(scratch.subarray(0, count))).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) this.#onLine(line, connection);
        count = await connection.read(scratch);
      }
    } catch (error) {
      // A service that was killed may reset its connection; the server may be closed.
      if (!isGone(error)) throw error;
    } finally {
      this.connections.delete(connection);
    }
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BadResource ||
    error instanceof Deno.errors.Interrupted;
}
