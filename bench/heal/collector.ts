/**
 * Where the replicas report every POST that they see and execute, so that the bench knows what
 * became of it whatever its client was told.
 *
 * @module
 */

/** What is known of one POST. */
export interface Trace {
  /** The instances that saw its head, as `name instance`, in order. */
  readonly seen: string[];
  /** The instances that executed it. */
  readonly done: string[];
}

const NO_TRACE: Trace = { seen: [], done: [] };

/** Takes the reports down. Give every run a name of its own that all its ids begin with. */
export class Collector implements Disposable {
  readonly #listener: Deno.TcpListener;
  readonly #traces = new Map<string, Trace>();
  readonly #connections = new Set<Deno.TcpConn>();

  /** Containers reach it at their network's gateway, so it listens on every address. */
  constructor() {
    this.#listener = Deno.listen({ hostname: "0.0.0.0", port: 0 });
    this.#accept();
  }

  /** Port that it listens on. */
  get port(): number {
    return this.#listener.addr.port;
  }

  /** What is known of a POST. */
  trace(id: string): Trace {
    return this.#traces.get(id) ?? NO_TRACE;
  }

  /** Takes down one line of a report: `seen` or `done`, the id, the name and the instance. */
  note(line: string): void {
    const [what, id = "", ...by] = line.split(" ");
    if (what !== "seen" && what !== "done") return;
    const trace = this.#traces.get(id) ?? { seen: [], done: [] };
    trace[what].push(by.join(" "));
    this.#traces.set(id, trace);
  }

  [Symbol.dispose](): void {
    this.#listener.close();
    for (const connection of this.#connections) connection.close();
  }

  async #accept(): Promise<void> {
    for await (const connection of this.#listener) this.#read(connection);
  }

  async #read(connection: Deno.TcpConn): Promise<void> {
    this.#connections.add(connection);
    try {
      let rest = "";
      for await (const text of connection.readable.pipeThrough(new TextDecoderStream())) {
        const lines = (rest + text).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) this.note(line);
      }
    } catch (error) {
      // A replica that was killed may take its connection down the hard way.
      if (!isGone(error)) throw error;
    } finally {
      this.#connections.delete(connection);
    }
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BadResource ||
    error instanceof Deno.errors.Interrupted;
}
