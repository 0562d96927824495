/**
 * The collector: replicas report every POST that they see and execute. So the bench knows the
 * outcome of a POST independent of the client's answer.
 *
 * @module
 */
import { LineServer } from "../harness/line_server.ts";

/** The reports about one POST. */
export interface Trace {
  /** The instances that saw its head, as `name instance`, in order. */
  readonly seen: string[];
  /** The instances that executed it. */
  readonly done: string[];
}

/** Keeps the reports. All ids of a run begin with a name that no other run has. */
export class Collector implements Disposable {
  readonly #traces = new Map<string, Trace>();
  /** Containers reach it at their network's gateway, so it listens on every address. */
  readonly #server = new LineServer("0.0.0.0", (line) => this.note(line));

  /** Port that it listens on. */
  get port(): number {
    return this.#server.port;
  }

  /** The reports about a POST. */
  trace(id: string): Trace {
    return this.#traces.get(id) ?? { seen: [], done: [] };
  }

  /** Keeps one line of a report: `seen` or `done`, the id, the name and the instance. */
  note(line: string): void {
    const [what, id = "", ...by] = line.split(" ");
    if (what !== "seen" && what !== "done") return;
    const trace = this.trace(id);
    trace[what].push(by.join(" "));
    this.#traces.set(id, trace);
  }

  [Symbol.dispose](): void {
    this.#server[Symbol.dispose]();
  }
}
