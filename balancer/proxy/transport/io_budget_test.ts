import { assertEquals } from "@std/assert";
import type { EchoTask } from "../testdata/echo_peers.ts";
import { systemTest as test } from "../../../tools/test/needs.ts";
import { BufferPool } from "./buffers.ts";
import { Connection } from "./connection.ts";
import type { ConnectionListener } from "./connection_events.ts";
import type { Side } from "./io_batches.ts";
import { type Socket, socketOf } from "./socket.ts";

const PAIRS = 256;
const ROUNDS = 20;

/** Counts a socket's writes that do not finish at once. */
class CountingSocket implements Socket {
  static writes = 0;
  static slow = 0;

  constructor(readonly socket: Socket) {}

  read(into: Uint8Array): Promise<number> {
    return this.socket.read(into);
  }

  write(bytes: Uint8Array): Promise<number> {
    const written = this.socket.write(bytes);
    let atOnce = false;
    written.then(() => atOnce = true, () => atOnce = true);
    CountingSocket.writes++;
    Promise.resolve().then(() => {
      if (!atOnce) CountingSocket.slow++;
    });
    return written;
  }
}

/** Forwards the bytes of one side to the other side. */
class Forwarding implements ConnectionListener {
  readonly #bytes = new Uint8Array(1);

  constructor(readonly from: Connection, readonly to: Connection) {
    from.watcher = this;
  }

  onData(more: boolean): void {
    if (!more) return this.to.close();
    this.from.start = this.from.end;
    this.to.send(this.#bytes, 1);
    this.from.startRead();
  }

  onBreak(): void {}
  onWritten(): void {}
  onWriteError(): void {}
}

async function accept(listener: Deno.TcpListener, side: Side): Promise<Connection[]> {
  const buffers = new BufferPool();
  const wires: Connection[] = [];
  while (wires.length < PAIRS) {
    const connection = await listener.accept();
    const socket = new CountingSocket(socketOf(connection));
    wires.push(new Connection(connection, buffers, side, undefined, socket));
  }
  return wires;
}

test("with 256 busy clients every write finishes at once", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const peers = new Worker(import.meta.resolve("../testdata/echo_peers.ts"), { type: "module" });
  const done = new Promise((resolve) => peers.onmessage = resolve);
  const task: EchoTask = { port: listener.addr.port, pairs: PAIRS, rounds: ROUNDS };
  peers.postMessage(task);
  const clients = await accept(listener, "client");
  const replicas = await accept(listener, "replica");
  for (let at = 0; at < PAIRS; at++) {
    const [client, replica] = [clients[at]!, replicas[at]!];
    new Forwarding(client, replica);
    new Forwarding(replica, client);
    client.startRead();
    replica.startRead();
  }
  await done;
  for (const transport of [...clients, ...replicas]) transport.close();
  peers.terminate();
  assertEquals(CountingSocket.writes, 2 * PAIRS * ROUNDS);
  assertEquals(CountingSocket.slow, 0);
});
