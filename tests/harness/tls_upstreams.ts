/**
 * Upstreams that speak TLS, for tests from outside.
 *
 * @module
 */
import { makePair, readPair } from "./certificates.ts";

/** A certificate chain and its key: file names, or texts. */
interface Pair {
  readonly cert: string;
  readonly key: string;
}

/** A folder with an authority, `ca.pem`, that signs the certificates of upstreams. */
export class Authority implements AsyncDisposable {
  private constructor(readonly folder: string, readonly pair: Pair) {}

  /** Makes the authority. */
  static async make(): Promise<Authority> {
    const folder = await Deno.makeTempDir({ prefix: "ringkeeper-tls-" });
    return new Authority(folder, await makePair(folder, "ca", { authority: true }));
  }

  /** The files of a new pair, `NAME.pem` and `NAME.key`. */
  files(name: string, names: readonly string[] = ["up.test"]): Promise<Pair> {
    return makePair(this.folder, name, { names, signer: this.pair });
  }

  /** The texts of a new pair. */
  async texts(name: string, names?: readonly string[]): Promise<Pair> {
    return await readPair(await this.files(name, names));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** A service by TLS: echoes bodies, upgrades to WebSockets that echo, and streams events. */
export class TlsService implements AsyncDisposable {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  /** Hosts of the requests, heartbeats included. */
  readonly hosts: (string | null)[] = [];

  /**
   * @param pair its certificate and key, as text
   * @param says text of its answers to GET
   */
  constructor(pair: Pair, says = "hello") {
    const { cert, key } = pair;
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, cert, key, onListen: () => {} },
      (request) => {
        this.hosts.push(request.headers.get("host"));
        return answer(request, says);
      },
    );
  }

  get port(): number {
    return this.#server.addr.port;
  }

  /** Its address as an upstream. */
  get address(): string {
    return `https://127.0.0.1:${this.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

function answer(request: Request, says: string): Response {
  const { pathname } = new URL(request.url);
  if (request.method === "POST") return new Response(request.body);
  if (pathname === "/big") return new Response("x".repeat(4 * 1024 * 1024));
  if (pathname === "/events") {
    const events = ReadableStream.from(["data: 1\n\n", "data: 2\n\n"]);
    return new Response(events.pipeThrough(new TextEncoderStream()), {
      headers: { "content-type": "text/event-stream" },
    });
  }
  if (request.headers.get("upgrade") === "websocket") {
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onmessage = ({ data }) => socket.send(data);
    return response;
  }
  return new Response(says);
}

/** Passes bytes between its clients and a server, and can end both sides without a word of TLS. */
export class Relay implements Disposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #open = new Set<Deno.TcpConn>();

  /** @param port port of the server on this machine */
  constructor(port: number) {
    void this.#accept(port);
  }

  get address(): string {
    return `https://127.0.0.1:${this.#listener.addr.port}`;
  }

  /** Ends the connections, as an attacker between client and server can. */
  cut(): void {
    for (const one of this.#open) one.close();
    this.#open.clear();
  }

  [Symbol.dispose](): void {
    this.#listener.close();
    this.cut();
  }

  async #accept(port: number): Promise<void> {
    for await (const client of this.#listener) {
      const server = await Deno.connect({ hostname: "127.0.0.1", port });
      this.#open.add(client).add(server);
      void this.#pass(client, server);
      void this.#pass(server, client);
    }
  }

  /** Ends with either connection. */
  async #pass(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
    const bytes = new Uint8Array(16 * 1024);
    try {
      for (let count; (count = await from.read(bytes)) !== null;) {
        for (let sent = 0; sent < count;) sent += await to.write(bytes.subarray(sent, count));
      }
      await to.closeWrite();
    } catch {
      // The connection was cut.
    }
  }
}

/** nginx as a server by TLS. */
export class Nginx implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;

  private constructor(readonly port: number, process: Deno.ChildProcess) {
    this.#process = process;
  }

  /**
   * Starts nginx, which answers `from nginx`.
   *
   * @param folder folder for its files
   * @param pair files of its certificate and key
   * @param directives more directives of its server
   */
  static async start(folder: string, pair: Pair, directives: string): Promise<Nginx> {
    const port = freePort();
    const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
      .map((name) => `${name}_temp_path ${folder};`).join(" ");
    const file = `${folder}/nginx-${port}.conf`;
    await Deno.writeTextFile(
      file,
      `daemon off; master_process off; pid ${folder}/nginx-${port}.pid; error_log stderr crit;
events {}
http { access_log off; ${paths}
  server { listen 127.0.0.1:${port} ssl; ssl_certificate ${pair.cert};
    ssl_certificate_key ${pair.key}; ${directives}
    location / { return 200 "from nginx"; } } }
`,
    );
    const process = new Deno.Command("nginx", {
      args: ["-p", folder, "-c", file],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const nginx = new Nginx(port, process);
    await nginx.#listening();
    return nginx;
  }

  get address(): string {
    return `https://127.0.0.1:${this.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.status;
  }

  async #listening(): Promise<void> {
    const deadline = performance.now() + 120_000;
    while (performance.now() < deadline) {
      try {
        using _ = await Deno.connect({ hostname: "127.0.0.1", port: this.port });
        return;
      } catch (error) {
        if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
    throw new Error("nginx does not listen within 20 s");
  }
}

/** A port of this machine that is free now. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
