/**
 * A server that is there and accepts nothing.
 *
 * @module
 */

/** A listener whose queue is full: further connections are neither accepted nor refused. */
export class FullListener implements Disposable {
  readonly #listener: Deno.TcpListener;
  readonly #fillers: Deno.TcpConn[];

  private constructor(listener: Deno.TcpListener, fillers: Deno.TcpConn[]) {
    this.#listener = listener;
    this.#fillers = fillers;
  }

  static async listen(): Promise<FullListener> {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0, tcpBacklog: 1 });
    const { hostname, port } = listener.addr;
    const fillers: Deno.TcpConn[] = [];
    try {
      for (;;) {
        fillers.push(await Deno.connect({ hostname, port, signal: AbortSignal.timeout(200) }));
      }
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
    }
    return new FullListener(listener, fillers);
  }

  get address(): string {
    return `127.0.0.1:${this.#listener.addr.port}`;
  }

  [Symbol.dispose](): void {
    for (const filler of this.#fillers) filler.close();
    this.#listener.close();
  }
}
