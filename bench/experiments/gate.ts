/**
 * The gate of the stress test: it holds every request until all of them have arrived.
 *
 * @module
 */
import { LineServer } from "../harness/line_server.ts";

/**
 * Replicas connect to it and report how many requests wait in them, a number on each line; when it
 * opens, they answer all at once.
 */
export class Gate implements Disposable {
  readonly #waiting = new Map<Deno.TcpConn, number>();
  readonly #server = new LineServer("127.0.0.1", (line, from) => this.#note(line, from));
  /** The most that waited in all replicas together at one moment. */
  most = 0;

  /** Where the replicas find it, `host:port`. */
  get address(): string {
    return `127.0.0.1:${this.#server.port}`;
  }

  /** Lets the replicas answer all waiting requests, and all later ones. */
  async open(): Promise<void> {
    for (const connection of this.#server.connections) await connection.write(new Uint8Array([1]));
  }

  [Symbol.dispose](): void {
    this.#server[Symbol.dispose]();
  }

  #note(line: string, from: Deno.TcpConn): void {
    this.#waiting.set(from, Number(line));
    const all = [...this.#waiting.values()].reduce((sum, one) => sum + one, 0);
    this.most = Math.max(this.most, all);
  }
}
