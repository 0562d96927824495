/**
 * A proxy before the Engine's socket that lets a list of calls through and refuses every other.
 *
 * @module
 */
import { createServer, request, type Server } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { SOCKET } from "../../../balancer/engine/docker_harness.ts";

/** A filter that listens on a port of loopback. */
export class EngineProxy implements AsyncDisposable {
  /** Calls that were let through, as the list names them. */
  readonly used: ReadonlySet<string>;
  /** Calls that were refused, by method and path. */
  readonly refused: readonly string[];
  readonly #used = new Set<string>();
  readonly #refused: string[] = [];
  readonly #rules: readonly { readonly call: string; readonly pattern: RegExp }[];
  readonly #server: Server;

  private constructor(calls: readonly string[]) {
    this.used = this.#used;
    this.refused = this.#refused;
    this.#rules = calls.map((call) => ({ call, pattern: patternOf(call) }));
    this.#server = createServer((from, to) => this.#pass(from, to));
  }

  /** @param calls as `GET /containers/{id}/json`; `{name}` may have slashes in it */
  static async open(calls: readonly string[]): Promise<EngineProxy> {
    const proxy = new EngineProxy(calls);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  /** The setting `LB_DOCKER_HOST`. */
  get host(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    return `tcp://127.0.0.1:${address.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  #pass(from: IncomingMessage, to: ServerResponse): void {
    const { method = "", url = "", headers } = from;
    const [path = ""] = url.split("?");
    const rule = this.#rules.find(({ pattern }) => pattern.test(`${method} ${path}`));
    if (!rule) {
      this.#refused.push(`${method} ${path}`);
      to.writeHead(403, { "content-type": "application/json" });
      return void to.end('{"message":"the proxy does not allow this call"}');
    }
    this.#used.add(rule.call);
    const call = request({ socketPath: SOCKET, method, path: url, headers }, (answer) => {
      to.writeHead(answer.statusCode ?? 502, answer.headers);
      to.flushHeaders();
      answer.pipe(to);
      answer.on("error", () => to.destroy());
    });
    call.on("error", () => to.destroy());
    to.on("close", () => call.destroy());
    from.pipe(call);
  }
}

function patternOf(call: string): RegExp {
  const path = call.replaceAll("{id}", "[^/]+").replaceAll("{name}", ".+");
  return new RegExp(`^${path.replace(" ", " (?:/v[\\d.]+)?")}$`);
}
