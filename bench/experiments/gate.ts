/**
 * What holds every request in the stress test, until all of them are there.
 *
 * @module
 */
import { countsIn } from "./gate_lines.ts";

/**
 * The replicas connect to it and tell how many requests wait in them; when it opens, they answer
 * all at once.
 */
export class Gate implements Disposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #waiting = new Map<Deno.TcpConn, number>();
  /** The most that waited in all replicas together at one moment. */
  most = 0;

  constructor() {
    this.#accept();
  }

  /** Where the replicas find it, `host:port`. */
  get address(): string {
    return `127.0.0.1:${this.#listener.addr.port}`;
  }

  /** Lets everything be answered that waits, and whatever comes later. */
  async open(): Promise<void> {
    for (const connection of this.#waiting.keys()) await connection.write(new Uint8Array([1]));
  }

  [Symbol.dispose](): void {
    this.#listener.close();
    for (const connection of this.#waiting.keys()) connection.close();
  }

  async #accept(): Promise<void> {
    for await (const connection of this.#listener) this.#read(connection);
  }

  async #read(connection: Deno.TcpConn): Promise<void> {
    this.#waiting.set(connection, 0);
    try {
      let rest = "";
      for (const scratch = new Uint8Array(1024);;) {
        const count = await connection.read(scratch);
        if (count === null) break;
        const found = countsIn(rest + new TextDecoder().decode(scratch.subarray(0, count)));
        rest = found.rest;
        this.#note(connection, found.counts);
      }
    } catch (error) {
      if (!isGone(error)) throw error;
    }
    this.#waiting.delete(connection);
  }

  #note(connection: Deno.TcpConn, counts: readonly number[]): void {
    for (const count of counts) {
      this.#waiting.set(connection, count);
      const all = [...this.#waiting.values()].reduce((sum, one) => sum + one, 0);
      this.most = Math.max(this.most, all);
    }
  }
}

/** A replica that ended, or the gate itself that is closed. */
function isGone(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BadResource ||
    error instanceof Deno.errors.Interrupted;
}
