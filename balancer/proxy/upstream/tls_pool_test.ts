import { assertEquals, assertRejects } from "@std/assert";
import { makePair, readPair } from "../../../tests/harness/certificates.ts";
import { within } from "../../../tests/harness/raw.ts";
import { systemTest as test } from "../../../tools/test/needs.ts";
import { UpstreamError } from "../errors/upstream_error.ts";
import type { UpstreamHandshakeEnd } from "../stats/counter_layout.ts";
import { BufferPool } from "../transport/buffers.ts";
import { Deadlines } from "../transport/deadlines.ts";
import { HandshakeTurns } from "../transport/handshake_turns.ts";
import { socketOf } from "../transport/socket.ts";
import { DEFAULT_TRUST, TlsClient } from "../transport/tls_client.ts";
import { secure, type Secured } from "../transport/tls_handshake.ts";
import { InstancePool } from "./connection_pool.ts";
import { countedTls, dial } from "./dial.ts";
import { InFlight } from "./in_flight.ts";

/** A pool whose server speaks TLS. */
class Harness implements AsyncDisposable {
  readonly ends: UpstreamHandshakeEnd[] = [];
  readonly pool: InstancePool;
  readonly #deadlines = new Deadlines();
  readonly #open: { close(): void }[] = [];
  readonly #listener: Deno.TcpListener;
  readonly #folder: string;
  readonly #identity: { readonly cert: string; readonly key: string };

  private constructor(
    folder: string,
    identity: { readonly cert: string; readonly key: string },
    connectMs: number,
  ) {
    this.#folder = folder;
    this.#identity = identity;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { hostname, port } = this.#listener.addr;
    const tls = new TlsClient({ ...DEFAULT_TRUST, ca: identity.cert }, new HandshakeTurns());
    const counted = countedTls(tls, { upstreamHandshake: (end) => void this.ends.push(end) });
    this.pool = new InstancePool(
      { name: "Server1", instance: "i1", address: { hostname, port, tls: true } },
      new InFlight().gauge("i1"),
      { maxIdle: 2, idleMs: 60_000, connectMs },
      new BufferPool(),
      this.#deadlines,
      undefined,
      (address, signal) => dial(address, signal, counted),
    );
  }

  static async make(connectMs = 60_000): Promise<Harness> {
    const folder = await Deno.makeTempDir();
    const pair = await readPair(await makePair(folder, "up", { names: ["IP:127.0.0.1"] }));
    return new Harness(folder, pair, connectMs);
  }

  /** The server's end of the next connection, after its handshake. */
  async accept(): Promise<Secured & { readonly connection: Deno.TcpConn }> {
    const connection = await this.#listener.accept();
    const secured = await secure({ connection, socket: socketOf(connection) }, {
      identity: () => this.#identity,
      protocols: ["http/1.1"],
      turn: () => undefined,
      admit: () => undefined,
    });
    return { ...secured, connection };
  }

  /** Accepts a connection, and does nothing with it. */
  async ignore(): Promise<void> {
    this.#open.push(await this.#listener.accept());
  }

  /** Accepts a connection, and ends it. */
  async drop(): Promise<void> {
    (await this.#listener.accept()).close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.pool.retire();
    this.#deadlines.close();
    this.#listener.close();
    for (const one of this.#open) one.close();
    await Deno.remove(this.#folder, { recursive: true });
  }
}

const REQUEST = new TextEncoder().encode("request");
const ANSWER = new TextEncoder().encode("answer");

test("session tickets on an idle connection are no bytes of a response", async () => {
  await using harness = await Harness.make();
  const { pool, ends } = harness;
  const [connection, server] = await Promise.all([pool.connect(), harness.accept()]);
  // The server's tickets follow its handshake, and nothing has read them yet.
  pool.giveBack(connection);
  const taken = pool.takeIdle(false);
  assertEquals(taken === connection, true);
  await connection.transport.write(REQUEST);
  const bytes = new Uint8Array(64);
  assertEquals(await server.stream.read(bytes), REQUEST.length);
  await server.socket.write(ANSWER);
  using reader = connection.transport.reader();
  assertEquals(await reader.read(), true);
  const { transport } = connection;
  assertEquals(transport.bytes.slice(transport.start, transport.end), ANSWER);
  assertEquals(ends, ["tls13"]);
  connection.close();
  server.stream.close();
});

test("an idle connection that ends leaves the pool, with close_notify or without", async () => {
  for (const polite of [true, false]) {
    await using harness = await Harness.make();
    const { pool } = harness;
    const [connection, server] = await Promise.all([pool.connect(), harness.accept()]);
    pool.giveBack(connection);
    assertEquals(pool.size, 1);
    if (polite) server.stream.close();
    else server.connection.close();
    const gone = async () => {
      while (pool.size > 0) await new Promise((resolve) => setTimeout(resolve, 1));
    };
    await within("the end of the connection", gone());
    assertEquals(pool.takeIdle(false), undefined);
  }
});

test("the deadline of a connection includes the handshake", async () => {
  await using harness = await Harness.make(50);
  const accepted = harness.ignore();
  const error = await assertRejects(() => harness.pool.connect(), UpstreamError);
  await accepted;
  assertEquals([error.kind, error.sent, harness.ends], ["timeout", "no", ["late"]]);
});

test("a failure of TLS is no proof of death", async () => {
  await using harness = await Harness.make();
  const dropped = harness.drop();
  const error = await assertRejects(() => harness.pool.connect(), UpstreamError);
  await dropped;
  assertEquals([error.kind, harness.ends], ["reset", ["ended"]]);
});
